import { document, domain, integer, projection, text } from '#domain-kit'
import { eventually, scratchServers } from '#testing'
import { count, counter } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { type Projector } from './projector.js'

/** More than an integer holds. */
const FAR = 3_000_000_000
/** Has a name that Postgres cannot hold. */
const UNNAMEABLE = 13

const buckets = projection('buckets', {
  version: 1,
  of: counter,
  table: { counter: text().key(), bucket: integer().key(), name: text().key(), events: integer() },
  key: ({ aggregateId, data: { by } }) => ({
    counter: aggregateId,
    bucket: by,
    name: by === UNNAMEABLE ? '\u0000' : 'plain',
  }),
  fold: { Counted: (row) => ({ ...row, events: row.events + 1 }) },
})
const counting = domain('counting', {
  commands: [],
  resources: [document(buckets, 'GET /buckets/{counter}/{bucket}/{name}')],
})

let stage: ProjectionStage
let projector: Projector

beforeEach(async () => {
  stage = new ProjectionStage(await scratchServers())
  projector = await stage.projector([counting])
  await count(stage.store, 'bad', 1)
  projector.start()
  await eventually('it is folded', () => projector.position === 1n)
})
afterEach(() => stage.close())

const eventsOf = async (id: string, bucket: number): Promise<number | undefined> =>
  (
    await stage.database.query<{ events: number }>(
      'select events from buckets_v1.buckets where counter = $1 and bucket = $2',
      [id, bucket],
    )
  )[0]?.events

test.each([
  ['is out of range', FAR, /out of range/],
  ['holds what no text may', UNNAMEABLE, /invalid byte sequence/],
])('an event whose key %s stops its projection in its lane, until it is skipped', async (_, by, why) => {
  await count(stage.store, 'bad', by)
  await count(stage.store, 'bad', 2)
  await eventually('it is said', () => projector.stops.length > 0)
  expect(projector.stops).toMatchObject([{ projection: 'buckets', stopped: { position: '2', stream: 'counter-bad' } }])
  expect(projector.stops[0]!.stopped.reason).toMatch(why)
  for (let at = 0; at < 8; at += 1) await count(stage.store, `good-${at}`, at)
  const { lane } = projector.stops[0]!
  await eventually('the other lanes go on', async () => {
    const lanes = await projector.builds.lanes()
    return lanes.every(({ position }) => position === 11n)
  })
  expect(lane).toBeGreaterThan(0)
  await projector.builds.skip('buckets', 2n, { actor: 'tester', action: 'skip' })
  await eventually('it goes on after that event', async () => (await eventsOf('bad', 2)) === 1)
  await eventually('nothing stands still', () => projector.stops.length === 0)
})
