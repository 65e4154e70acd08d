import fc from 'fast-check'
import pg from 'pg'
import { type RecordedEvent } from '#domain-kit'
import { createMemoryStore, type EventBatch } from '#event-store'
import { ledger } from '#ledger'
import { Problem } from '#runtime'
import { plainFold, type ScratchDatabase, scratchDatabase, silentLogger } from '#testing'
import { Builds } from '../builds/builds.js'
import { fleetOf } from '../builds/fleet.js'
import { Indexing } from '../builds/indexing.js'
import { schemaIn, type Slot } from '../builds/slots.js'
import { appendHistory, AWKWARD, type Step } from '../fixtures/ledger-events.js'
import { type End, SteppedProjector } from '../fixtures/stepped-projector.js'
import { byKey, comparable, storedRows } from '../fixtures/stored-rows.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tableIn, tablesOf } from '../tables/table.js'
import { LANES, partitionOf, WHOLE } from './lanes.js'

/** No run of the property begins later, in ms after the first: to make a failure smaller ends in time to print it. */
const RUNS_MS_MAX = 150_000

/** One that is folded in lane 0, one in the partitions, and one of several tables, whose lines have no key. */
const NAMES = ['books', 'accounts', 'statement'] as const
const tables = tablesOf([ledger]).filter(({ projection }) => NAMES.some((name) => name === projection.name))
/** So few, that a short log has builds that are further behind. */
const NEAR = 5n
const by = { actor: 'tester', action: 'test' }

let database: ScratchDatabase
let client: pg.Client
let builds: Builds
let indexing: Indexing

beforeAll(async () => {
  database = await scratchDatabase()
  await migrateReadModels(database.url, tables)
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
  builds = new Builds(database.url, tables, fleetOf(tables))
  indexing = new Indexing(database.url, tables)
})
afterAll(async () => {
  await indexing.close()
  await builds.close()
  await client.end()
  await database.drop()
})

/** On a connection that stays. */
const sql = {
  query: async <R extends object>(text: string): Promise<R[]> => (await client.query<R>(text)).rows,
}

/** Only the live builds are left, empty and at the beginning of the log. */
async function empty(): Promise<void> {
  const others = tables.flatMap(({ projection }) =>
    (['next', 'previous'] as const).map((slot) => schemaIn(projection, slot)),
  )
  await sql.query(`
    drop schema if exists ${[...new Set(others)].map((each) => `"${each}"`).join(', ')} cascade;
    delete from headwater.builds where slot <> 'live';
    truncate ${tables.map((table) => table.sql).join(', ')};
    update headwater.builds set is_indexed = false;
    update headwater.members set position = 0, stopped = null;
    update headwater.lanes set position = 0`)
}

async function history(steps: readonly Step[]): Promise<readonly RecordedEvent[]> {
  const store = createMemoryStore()
  await appendHistory(store, steps)
  const events: RecordedEvent[] = []
  for await (const event of store.readAll()) events.push(event)
  return events
}

/** A log of which more and more is there. */
class GrowingLog {
  private there = 0

  constructor(readonly events: readonly RecordedEvent[]) {}

  readonly head = (): bigint => BigInt(this.there)

  grow(by: number): void {
    this.there = Math.min(this.events.length, this.there + by)
  }

  readonly read = (after: bigint, most: number): EventBatch => {
    const events = this.events.slice(Number(after), Math.min(this.there, Number(after) + most))
    return { after, position: after + BigInt(events.length), events }
  }
}

interface Place {
  readonly projection: string
  readonly slot: Slot
  readonly lane: number
  readonly position: string
}

/** Every build is the plain fold of the log up to where it is, in each of its lanes, and what is live never goes back. */
class Check {
  private readonly seen = new Map<string, bigint>()

  constructor(private readonly events: readonly RecordedEvent[]) {}

  async run(): Promise<void> {
    const places = await sql.query<Place>(`
      select m.projection, b.slot, m.lane, coalesce(m.position, l.position) as position
      from headwater.members m join headwater.builds b using (projection, version, build)
      join headwater.lanes l using (fleet, lane)`)
    for (const { projection, slot, lane, position } of places) {
      if (slot !== 'live') continue
      const name = `${projection} in lane ${lane}`
      const before = this.seen.get(name) ?? 0n
      expect([name, BigInt(position) < before]).toEqual([name, false])
      this.seen.set(name, BigInt(position))
    }
    for (const slot of ['live', 'next', 'previous'] as const)
      await this.compare(
        slot,
        places.filter((each) => each.slot === slot),
      )
  }

  private async compare(slot: Slot, places: readonly Place[]): Promise<void> {
    for (const each of tables) {
      const mine = places.filter(({ projection }) => projection === each.projection.name)
      if (mine.length === 0) continue
      const positions = new Map(mine.map(({ lane, position }) => [lane, BigInt(position)]))
      const laneOf = ({ stream }: RecordedEvent): number => (each.isPartitioned ? partitionOf(stream) : WHOLE)
      const folded = this.events.filter((event) => event.position <= (positions.get(laneOf(event)) ?? 0n))
      const table = tableIn(each, schemaIn(each.projection, slot))
      const expected = comparable(table, byKey(table, plainFold(each, folded)))
      expect([table.sql, comparable(table, await storedRows(sql, table))]).toEqual([table.sql, expected])
    }
  }
}

const step = fc.record<Step>({
  kind: fc.constantFrom('account', 'close', 'transaction', 'transaction', 'reversal'),
  book: fc.nat(4),
  from: fc.nat(3),
  to: fc.nat(3),
  cents: fc.integer({ min: 0, max: 1_000_000 }),
  commodity: fc.constantFrom('EUR', 'USD'),
  text: fc.constantFrom(...AWKWARD),
})
const steps = fc.array(step, { minLength: 20, maxLength: 80 })

interface Batch {
  readonly do: 'together' | 'apart'
  readonly half: number
  readonly size: number
  readonly end: End
}

type Turn =
  | Batch
  | { readonly do: 'look' | 'index' | 'crash'; readonly half: number }
  | { readonly do: 'catch up' }
  | { readonly do: Operation }

type Operation = 'rebuild' | 'promote' | 'rollback' | 'drop next' | 'drop previous'
const OPERATIONS: readonly Operation[] = [
  ...(['promote', 'promote', 'promote', 'rollback', 'rollback', 'drop next', 'drop previous', 'rebuild'] as const),
]

const half = fc.nat(1)
const size = fc.integer({ min: 1, max: 15 })
const end = fc.constantFrom<End>('commit', 'commit', 'pipeline', 'crash', 'in hand')
const turn = fc.oneof<[fc.WeightedArbitrary<Turn>, ...fc.WeightedArbitrary<Turn>[]]>(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('together'), half, size, end }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('apart'), half, size, end }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('look'), half }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('index', 'crash'), half }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('catch up') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rebuild') }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom(...OPERATIONS) }) },
)

const turns = fc.array(turn, { minLength: 25, maxLength: 40 })

const transactions = Array.from({ length: 40 }, (_, at): Step => ({
  ...{ kind: 'transaction', book: at % 5, from: 1, to: 2, cents: 100, commodity: 'EUR', text: 'x' },
}))

/** Comes past everything that can be met. */
const TOUR: readonly Turn[] = [
  { do: 'rebuild' },
  { do: 'apart', half: 0, size: 8, end: 'commit' },
  { do: 'index', half: 0 },
  { do: 'apart', half: 0, size: 8, end: 'pipeline' },
  { do: 'look', half: 0 },
  { do: 'together', half: 0, size: 1, end: 'crash' },
  { do: 'look', half: 0 },
  { do: 'together', half: 0, size: 1, end: 'commit' },
  { do: 'catch up' },
  { do: 'together', half: 1, size: 1, end: 'in hand' },
  { do: 'promote' },
  { do: 'catch up' },
  { do: 'rollback' },
  { do: 'drop previous' },
  { do: 'rebuild' },
  { do: 'drop next' },
]

/** What was met, over all runs: a property that never comes to a promotion says nothing about it. */
const met = new Map<string, number>()
const meet = (what: string): unknown => met.set(what, (met.get(what) ?? 0) + 1)

async function operate(operation: Operation, name: string): Promise<void> {
  try {
    if (operation === 'rebuild') await builds.rebuild(name, false, by)
    else if (operation === 'promote') await builds.promote(name, by)
    else if (operation === 'rollback') await builds.rollback(name, by)
    else await builds.drop(name, operation === 'drop next' ? 'next' : 'previous', by)
    meet(operation)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
  }
}

async function fold(projector: SteppedProjector, { do: which, size, end }: Batch): Promise<void> {
  if (which === 'apart' && !projector.hasApart) await projector.look()
  if (which === 'apart' && projector.hasApart) meet('apart')
  if (which === 'together' && projector.isJoining) meet(end === 'crash' ? 'crash while joining' : 'joining')
  await projector.fold(which, size, end)
}

async function catchUp(projectors: readonly SteppedProjector[]): Promise<void> {
  for (const each of projectors) await each.catchUp()
}

async function take(turn: Turn, name: string, projectors: readonly SteppedProjector[]): Promise<void> {
  switch (turn.do) {
    case 'together':
    case 'apart':
      return fold(projectors[turn.half]!, turn)
    case 'look':
      return projectors[turn.half]!.look()
    case 'index':
      return projectors[turn.half]!.index()
    case 'crash':
      return projectors[turn.half]!.crash()
    case 'catch up':
      return catchUp(projectors)
    default:
      return operate(turn.do, name)
  }
}

const halves = [LANES.filter((lane) => lane % 2 === 0), LANES.filter((lane) => lane % 2 === 1)]

const project = (log: GrowingLog, lanes: readonly number[]): SteppedProjector =>
  new SteppedProjector({
    ...{ url: database.url, client, indexing, tables, lanes, near: NEAR, logger: silentLogger() },
    ...{ read: log.read, head: log.head },
  })

test('whatever is rebuilt, promoted, rolled back and dropped between batches and crashes, every build is the plain fold up to where it is', async () => {
  let runs = 0
  const end_ms = performance.now() + RUNS_MS_MAX
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...NAMES), steps, turns, async (name, random, all) => {
      // The next test has the same database: nothing that was begun is left to itself.
      if (performance.now() > end_ms) return
      await empty()
      const log = new GrowingLog(await history(random))
      log.grow(15)
      const check = new Check(log.events)
      const projectors = halves.map((lanes) => project(log, lanes))
      try {
        await catchUp(projectors)
        for (const each of all) {
          log.grow(2)
          await take(each, name, projectors)
          await check.run()
        }
        log.grow(log.events.length)
        await catchUp(projectors)
        await check.run()
      } finally {
        for (const each of projectors) await each.crash()
      }
      const late = await sql.query('select 1 from headwater.members where position is not null')
      expect(late).toEqual([])
      const lanes = await sql.query<{ position: string }>('select distinct position from headwater.lanes')
      expect(lanes).toEqual([{ position: String(log.events.length) }])
      runs += 1
    }),
    { numRuns: 6, examples: [['statement', transactions, [...TOUR]]] },
  )
  // The tour, and some history that nobody wrote: a machine without time for that has shown nothing.
  expect(runs).toBeGreaterThan(1)
  const all = new Set<string>([...OPERATIONS, 'apart', 'joining', 'crash while joining'])
  expect([...met.keys()].sort()).toEqual([...all].sort())
})

test('a batch in hand of a build that is dropped and begun anew does not come into the new one', async () => {
  await empty()
  const log = new GrowingLog(await history(transactions))
  log.grow(log.events.length)
  const projector = project(log, LANES)
  const check = new Check(log.events)
  try {
    await projector.catchUp()
    await builds.rebuild('statement', false, by)
    await projector.look()
    await projector.fold('apart', 10, 'in hand')
    await builds.drop('statement', 'next', by)
    await builds.rebuild('statement', false, by)
    // It does what it has in hand first.
    await projector.look()
    await check.run()
    await projector.catchUp()
    await check.run()
  } finally {
    await projector.crash()
  }
})

test('a build that has overtaken its lanes waits for them: a crash before they come does not fold twice what it was ahead', async () => {
  await empty()
  const log = new GrowingLog(await history(transactions))
  log.grow(15)
  const projector = project(log, LANES)
  const check = new Check(log.events)
  try {
    await projector.catchUp()
    await builds.rebuild('accounts', false, by)
    await projector.look()
    await projector.index()
    log.grow(log.events.length)
    await projector.fold('apart', 30, 'commit')
    await projector.look()
    await check.run()
    await projector.fold('together', 5, 'commit')
    await check.run()
    await projector.crash()
    await projector.catchUp()
    await check.run()
  } finally {
    await projector.crash()
  }
})
