import { jsonEvent } from '@eventstore/db-client'
import { REPLAYED } from './catalogue.js'
import { type JsonObject, text } from './json.js'
import { fillers, fillUp, seed, type Shown, shownBy } from './seed.js'
import { Session } from './session.js'
import { transcript } from './transcript.js'
import { Watch } from './watch.js'

/** What only this side sends, to know that nothing else is still to come. */
const SENTINEL = 'NeverMatches'

interface Result {
  readonly events: readonly JsonObject[]
  readonly checkpoints?: readonly JsonObject[]
}

const positionOf = ({ position }: JsonObject): string | undefined =>
  (position as JsonObject | undefined)?.['commit'] as string

/** The events that the record shows after the subscription was live, or that created its stream. */
function liveIn({ events }: Result, shown: readonly Shown[]): readonly Shown[] {
  const caughtUp = events.findIndex(({ event }) => event === 'caughtUp')
  const early = new Set(events.slice(0, caughtUp === -1 ? events.length : caughtUp).map(positionOf))
  return shown.filter(({ position }) => !early.has(`${position}n`))
}

/** Three appends of three types each, as the recorder made them. */
async function appendInvoices(session: Session, stream: string): Promise<void> {
  for (const n of [0, 1, 2])
    await session.append(
      stream,
      ['OrderPlaced', 'InvoiceSent', 'Noise'].map((type) =>
        jsonEvent({ type, data: { n }, metadata: { correlation: `c${n}` } }),
      ),
    )
}

/** What happens while the subscription is live. @returns whether it ends with a sentinel. */
async function live(session: Session, name: string, stream: string, shown: readonly Shown[]): Promise<boolean> {
  const other = session.asOther()
  if (name.includes('_filter_')) {
    await appendInvoices(session, shown[0]?.stream ?? 'inv-0')
    const quiet = name.includes('no_match') || name.includes('interval2')
    if (quiet) await session.append('sentinel', fillers(1, name.includes('interval2') ? 'OrderSentinel' : SENTINEL))
    return quiet
  }
  if (name.includes('beyond_end')) {
    await session.append(stream, fillers(100))
    return true
  }
  if (name.includes('tombstoned_while_live')) await other.tombstoneStream(stream)
  if (name.includes('soft_deleted')) await other.deleteStream(stream)
  for (const { stream: of, event } of shown.filter(({ event }) => event.type !== '$streamDeleted'))
    await session.append(of, [event])
  return false
}

describe('subscriptions, as recorded', () => {
  test.each(REPLAYED.subscriptions)('%s', async (name) => {
    const session = await Session.open(transcript(name))
    const { client_call: call, client_result } = session.recorded
    const result = client_result as unknown as Result
    const stream = text(call!.args[0])
    const shown = shownBy(session).filter(({ event }) => event.type !== '$streamDeleted')
    const missing = name.includes('missing')
    const later = missing ? shown : liveIn(result, shown)
    const early = shown.filter((event) => !later.includes(event))
    await seed(session, early)
    // What came before the first live event of a stream is not in the record.
    const first = later[0]
    if (first !== undefined && !name.includes('_filter_')) await fillUp(session, first.stream, first.revision)
    if (name.includes('beyond_end')) await session.append(stream, fillers(2))
    if (name.endsWith('_tombstoned')) await session.asOther().tombstoneStream(stream)
    if (name.endsWith('from_position')) session.likeness.stands(12_017_149n, session.double.events.at(-1)!.position)

    const watch = Watch.start(session, call!, name.includes('filter_stream'))
    await watch.until(
      'it is live',
      () => watch.has('caughtUp') || watch.has('error') || (missing && watch.has('confirmation')),
    )
    const sentinel = watch.has('error') ? false : await live(session, name, stream, later)
    const expected = result.events.filter(({ event }) => event !== 'end' && event !== 'close')
    await watch.until('all has come', () => watch.events.length === expected.length + (sentinel ? 1 : 0))
    if (sentinel) watch.events.pop()
    await watch.stop()
    session.likeness.compare(result.events, watch.events, 'events')
    session.likeness.compare(result.checkpoints ?? [], watch.checkpoints, 'checkpoints')
    expect(await session.finish(sentinel ? 'beginning' : 'whole')).toEqual([])
  })
})

describe.each(['subscribe_all_filter_catchup_nomatch', 'subscribe_all_filter_catchup_nomatch_interval100'] as const)(
  '%s',
  (name) => {
    test('has a checkpoint every so many events, at the first event of the page before', async () => {
      const session = await Session.open(transcript(name))
      const { client_call: call, client_result } = session.recorded
      const [window, interval] = name.endsWith('interval100') ? [10, 1_000] : [32, 32]
      const pages = 6
      for (let n = 0; n < pages; n += 1) await session.append(`s-${n}`, fillers(interval))
      const watch = Watch.start(session, call!, false)
      await watch.until('it has caught up', () => watch.has('caughtUp'))
      await watch.stop()
      const recorded = (client_result as unknown as Result).checkpoints!.slice(0, pages)
      session.likeness.compare(recorded, watch.checkpoints, 'checkpoints')
      const events = session.double.events
      const starts = recorded
        .map((_, at) => (at + 1) * interval - window)
        .map((at) => (at === 0 ? 0n : events[at]!.position))
      expect(watch.checkpoints).toEqual(
        starts.map((commit) => ({ checkpoint: { commit: `${commit}n`, prepare: '0n' } })),
      )
      expect(await session.finish('none')).toEqual([])
    })
  },
)

test('subscribe_all_resume_from_checkpoint: from one of catch-up, with or without a filter, with prepare 0 or commit', async () => {
  const { runs } = transcript('subscribe_all_resume_from_checkpoint') as unknown as { runs: readonly { error: null }[] }
  expect(runs.map(({ error }) => error)).toEqual(runs.map(() => null))
  const session = await Session.open({ ...transcript('subscribe_all_from_end'), scenario: 'resume' })
  for (let n = 0; n < 5; n += 1) await session.append(`s-${n}`, fillers(32))
  await session.append('match', fillers(3, 'Wanted'))
  const at = session.double.events[64]!
  for (const prepare of [0n, at.position])
    for (const filter of [{ prefixes: ['Wanted'] }, undefined]) {
      const fromPosition = { commit: `${at.position}n`, prepare: `${prepare}n` }
      const args = [{ fromPosition, ...(filter && { filter }) }] as unknown as JsonObject[]
      const watch = Watch.start(session, { method: 'subscribeToAll', args }, false)
      await watch.until('it has caught up', () => watch.has('caughtUp'))
      const data = watch.events.filter(({ event }) => event === 'data')
      expect(data).toHaveLength(filter === undefined ? session.double.events.length - 65 : 3)
      await watch.stop()
    }
  expect(await session.finish('none')).toEqual([])
})
