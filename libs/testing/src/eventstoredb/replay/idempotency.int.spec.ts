import { randomUUID } from 'node:crypto'
import { type AppendToStreamOptions, type EventData, jsonEvent } from '@eventstore/db-client'
import { eventually } from '../../eventually.js'
import { type EventStoreDouble } from '../double.js'
import { REPLAYED } from './catalogue.js'
import { describeError } from './describe.js'
import { type Json, type JsonObject, plain } from './json.js'
import { collect } from './perform.js'
import { revive } from './revive.js'
import { fillers } from './seed.js'
import { Session } from './session.js'
import { stepsOf, transcript } from './transcript.js'

interface RecordedAppend {
  readonly append: readonly string[]
  readonly expected: string
  readonly note?: string
  readonly ok: boolean
  readonly next?: string
  readonly pos?: string
  readonly error?: string
  readonly actual?: string
}

interface Case {
  readonly case: string
  readonly before: readonly RecordedAppend[]
  readonly retry: RecordedAppend
  readonly stream_after: readonly string[] | string
}

const CREDENTIALS = { username: 'admin', password: 'changeit' }

/** One case on a stream of its own. Labels stand for event ids. */
class Run {
  readonly #stream = `idem-${randomUUID()}`
  readonly #ids = new Map<string, string>()

  constructor(
    private readonly session: Session,
    private readonly unary: boolean,
  ) {}

  async append(recorded: RecordedAppend, path: string, stream = this.#stream): Promise<void> {
    const { append, expected, note, ok, next, pos, error, actual } = recorded
    const events = append.map((label) => this.#event(label, note))
    const outcome = await this.session.client.appendToStream(stream, events, this.#options(expected)).then(
      ({ nextExpectedRevision, position }) =>
        plain({ ok: true, next: nextExpectedRevision, position: position && { commit: position.commit } }),
      (thrown: unknown) => {
        const { class: name, own_fields } = describeError(thrown)
        return { ok: false, error: name ?? null, actual: (own_fields as JsonObject)['actualVersion'] ?? null }
      },
    )
    const before = ok ? { ok, next, ...(pos && { position: { commit: pos } }) } : { ok, error, actual }
    this.session.likeness.compare(plain(before), outcome, path)
  }

  /** What the name of a case says happens between the first appends and the retry. */
  async meanwhile(name: string): Promise<void> {
    const { client } = this.session
    if (name.includes('1000 further events')) await client.appendToStream(this.#stream, fillers(1_000))
    if (name.includes('5000 events in other streams'))
      for (let n = 0; n < 10; n += 1) await client.appendToStream(`other-${randomUUID()}`, fillers(500))
    if (name.includes('soft-deleted')) await client.deleteStream(this.#stream)
    if (name.includes('$maxCount=1')) await client.setStreamMetadata(this.#stream, { maxCount: 1 })
    if (name.includes('same id in another stream first'))
      await client.appendToStream(`other-${randomUUID()}`, [this.#event('a')])
  }

  async labels(): Promise<Json> {
    const read = collect(this.session.client.readStream(this.#stream))
    return read.then(
      (events) =>
        events.length > 1_000
          ? `${events.length} events`
          : events.map(({ event }) => (event?.data as { label: string }).label),
      (error: unknown) => (error as Error).constructor.name,
    )
  }

  #event(label: string, note?: string): EventData {
    const id = this.#ids.get(label) ?? randomUUID()
    this.#ids.set(label, id)
    return jsonEvent({ id, type: 'T', data: { label, ...(note === undefined ? {} : { note }) } })
  }

  #options(expected: string): AppendToStreamOptions {
    const expectedRevision = revive(expected) as bigint | 'any' | 'no_stream' | 'stream_exists'
    return { expectedRevision, ...(this.unary ? { credentials: CREDENTIALS } : {}) }
  }
}

describe.each(REPLAYED.idempotency)('%s', (name) => {
  let session: Session
  beforeAll(async () => {
    session = await Session.open(transcript(name))
  })
  afterAll(async () => session.close())

  test.each((stepsOf(transcript(name)) as unknown as readonly Case[]).map((step) => [step.case, step] as const))(
    '%s',
    async (title, step) => {
      const run = new Run(session, name.endsWith('unary'))
      const seen = session.likeness.verdict().length
      for (const [index, before] of step.before.entries()) await run.append(before, `before[${index}]`)
      await run.meanwhile(title)
      await run.append(step.retry, 'retry')
      session.likeness.compare(step.stream_after, await run.labels(), 'stream_after')
      expect(session.likeness.verdict().slice(seen)).toEqual([])
    },
  )
})

interface ForgottenCase {
  readonly case: string
  readonly original: { readonly next: string }
  readonly retry: { readonly next: string }
  readonly events_before: number
  readonly events_after: number
}

/** What makes a node forget, by the record that shows it. */
const FORGET: Record<
  (typeof REPLAYED.forgetting)[number],
  (double: EventStoreDouble, session: Session) => Promise<void>
> = {
  idempotency_after_restart: async ({ nodes: [node] }, { client }) => {
    await node.restart()
    await eventually(
      'the client has noticed',
      async () => (await collect(client.readAll({ maxCount: 1 }))).length === 1,
    )
  },
  idempotency_after_250k_other_events: async (_double, session) => {
    for (let n = 0; n < 3; n += 1) await session.append(`other-${n}`, fillers(500))
  },
}

describe.each(REPLAYED.forgetting)('%s', (name) => {
  test.each(
    (stepsOf(transcript(name)) as unknown as readonly ForgottenCase[]).map((step) => [step.case, step] as const),
  )('%s', async (title, { original, retry, events_before, events_after }) => {
    const session = await Session.open(transcript(name), { recentEvents: 1_000 })
    const { client, double } = session
    const stream = `forget-${randomUUID()}`
    const events = [jsonEvent({ type: 'T', data: {} }), jsonEvent({ type: 'T', data: {} })]
    const fresh = title.startsWith('NO_STREAM')
    if (!fresh) await session.append(stream, fillers(2))
    const options = { expectedRevision: fresh ? 'no_stream' : expectationIn(title) } as AppendToStreamOptions
    const first = await client.appendToStream(stream, events, options)
    if (title.includes('further events')) await session.append(stream, fillers(2))
    const count = async (): Promise<number> => (await collect(client.readStream(stream))).length
    expect([first.nextExpectedRevision, await count()]).toEqual([BigInt(original.next), events_before])

    await FORGET[name](double, session)
    const again = await client.appendToStream(stream, events, options)
    expect([again.nextExpectedRevision, await count()]).toEqual([BigInt(retry.next), events_after])
    if (events_before === events_after) expect(again.position).toEqual(first.position)
    await session.close()
  })
})

const expectationIn = (title: string): bigint | string =>
  title.startsWith('ANY') ? 'any' : title.startsWith('STREAM_EXISTS') ? 'stream_exists' : 1n
