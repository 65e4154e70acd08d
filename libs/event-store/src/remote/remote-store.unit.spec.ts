import fc from 'fast-check'
import { silentLogger } from '#testing'
import { newRequest } from '../contract/requests.js'
import { type AppendRequest, type EventStore } from '../port.js'
import { type Verdict } from '../log/batch.js'
import { type PlannedAppend } from '../log/planned.js'
import { unpack } from '../log/unpack.js'
import { openRemoteStore } from './remote-store.js'
import { VerdictCollector } from './verdicts.js'

/** Appends as they came to the writer, request by request. */
let requests: PlannedAppend[][]
let store: EventStore
/** Streams that the writer is asked for. */
let subscribed: string[]
/** What becomes of the nth append of a request. */
let verdictOf: (at: number) => Verdict

beforeEach(() => {
  requests = []
  subscribed = []
  verdictOf = (at) => ({ kind: 'accepted', revision: at, position: at + 1, isContended: false })
  const request = async (_: string, payload: unknown): Promise<unknown> => {
    const appends = unpack(payload as Buffer)
    requests.push(appends)
    const verdicts = new VerdictCollector(appends.length)
    for (const [at, append] of appends.entries()) verdicts.settle(at, verdictOf(at), append)
    return verdicts.all
  }
  const link = {
    request,
    subscribe: (name: string): AsyncGenerator => {
      subscribed.push(name)
      return nothing()
    },
    close: async () => Promise.resolve(),
  }
  store = openRemoteStore({ link, url: 'postgres://nobody.invalid/log', pool_max: 1, logger: silentLogger() })
})
afterEach(() => store.close())

async function* nothing(): AsyncGenerator {}

type Priority = NonNullable<AppendRequest['priority']>
interface Sent {
  readonly stream: string
  readonly priority: Priority
}

/** All in one turn of the event loop, as a chain sends them: the revision tells the order. */
async function send(appends: readonly Sent[]): Promise<void> {
  const sending = appends.map(({ stream, priority }, at) =>
    store.append(newRequest(stream, { expected: BigInt(at), priority })),
  )
  expect(new Set((await Promise.all(sending)).map(({ outcome }) => outcome))).toEqual(new Set(['appended']))
}

const arrived = (stream: string): unknown[] =>
  requests
    .flat()
    .flatMap(({ writes }) => writes)
    .flatMap((write) => (write.stream === stream ? [write.expected] : []))

const priority = fc.constantFrom<Priority>('interactive', 'bulk')

test('appends to one stream come to the writer in their order, whichever of them people wait for', async () => {
  const mix = fc.array(fc.record({ stream: fc.constantFrom('thing-a', 'thing-b', 'thing-c'), priority }), {
    minLength: 1,
    maxLength: 200,
    size: 'max',
  })
  await fc.assert(
    fc.asyncProperty(mix, async (appends) => {
      requests = []
      await send(appends)
      for (const { stream } of appends)
        expect(arrived(stream)).toEqual(appends.flatMap((each, at) => (each.stream === stream ? [at] : [])))
      for (const group of requests) expect(new Set(group.map(({ isBulk }) => isBulk)).size).toBe(1)
    }),
    { numRuns: 50 },
  )
})

test('what people wait for does not make a group of other streams leave', async () => {
  const bulk = Array.from({ length: 20 }, () => ({ stream: 'thing-a', priority: 'bulk' as const }))
  await send([...bulk, { stream: 'thing-b', priority: 'interactive' }, ...bulk])
  expect(requests.map(({ length }) => length).sort()).toEqual([1, 40])
})

test.each<[string, number, AppendRequest['writes'][number]['expected'], string[]]>([
  ['behind one of its own that came to nothing', 4, 5n, []],
  ['where another event has taken the place', 5, 5n, ['commits']],
  ['behind events of others', 7, 5n, ['commits']],
  ['in a stream that was new', 0, 'none', ['commits']],
])(
  'a conflict %s: the commits of others are asked for only when there are others',
  async (_, revision, expected, asked) => {
    verdictOf = () => ({ kind: 'conflict', stream: 'thing-a', revision })
    const request = newRequest('thing-a', { expected, needsTail: false })
    expect(await store.append(request)).toMatchObject({ outcome: 'conflict', revision: BigInt(revision) })
    expect(subscribed).toEqual(asked)
  },
)
