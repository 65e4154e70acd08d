import fc from 'fast-check'
import { type RecordedEvent } from '#domain-kit'
import { createMemoryStore, type EventBatch } from '#event-store'
import { ledger } from '#ledger'
import { plainFold, type ScratchDatabase, scratchDatabase } from '#testing'
import { append, appendHistory, AWKWARD, type Step } from '../fixtures/ledger-events.js'
import { openUnit as unitOf } from '../fixtures/open-unit.js'
import { byKey, comparable, type Rows, storedRows } from '../fixtures/stored-rows.js'
import { indexBuilds } from '../builds/index-builds.js'
import { migrateReadModels } from '../tables/migrations.js'
import { decodeRow, identityOf, type StoredRow } from '../tables/row-codec.js'
import { type ReadTable, tablesOf } from '../tables/table.js'
import { type BatchChanges, documentText, type LaneChanges, rowSuffix } from './changes.js'
import { Lost } from './failure.js'
import { LANES } from './lanes.js'
import { type ProjectionUnit } from './unit.js'

const tables = tablesOf([ledger])
const EPOCH = 3n
let database: ScratchDatabase

beforeAll(async () => {
  database = await scratchDatabase()
  await migrateReadModels(database.url, tables)
  await indexBuilds(database.url, tables)
})
afterAll(() => database.drop())

const openUnit = (epoch = EPOCH, lanes = LANES): Promise<ProjectionUnit> => unitOf(database.url, tables, epoch, lanes)

/** Folds and commits; what it did in all lanes together. */
async function apply(unit: ProjectionUnit, batch: EventBatch): Promise<BatchChanges> {
  const folded = await unit.fold(batch)
  await unit.commit(folded)
  return together(unit.changes(folded))
}

const together = (lanes: LaneChanges): BatchChanges => ({
  changes: [...lanes.values()].flatMap(({ changes }) => changes),
  documents: [...lanes.values()].flatMap(({ documents }) => documents),
})

async function empty(): Promise<void> {
  await database.query(`truncate ${tables.map(({ sql }) => sql).join(', ')}`)
  await database.query('update headwater.members set position = 0, stopped = null')
  await database.query(
    "update headwater.lanes set position = 0, epoch = $1, holder = 'test', expires_at = 'infinity'",
    [EPOCH],
  )
}

const folded = (table: ReadTable, events: readonly RecordedEvent[]): Rows => byKey(table, plainFold(table, events))

async function history(steps: readonly Step[]): Promise<RecordedEvent[]> {
  const store = createMemoryStore()
  await appendHistory(store, steps)
  return readLog(store)
}

async function readLog(store: ReturnType<typeof createMemoryStore>): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for await (const event of store.readAll()) events.push(event)
  return events
}

function batchOf(events: readonly RecordedEvent[], after: bigint, size: number): EventBatch {
  const mine = events.slice(Number(after), Number(after) + size)
  return { after, position: after + BigInt(mine.length), events: mine }
}

/** What somebody knows who only listens: rows of watched tables, and the documents of the cache. */
class Listener {
  readonly rows = new Map<string, Map<string, StoredRow>>(tables.map(({ id }) => [id, new Map<string, StoredRow>()]))
  readonly documents = new Map<string, string>()

  hear({ changes, documents }: BatchChanges): void {
    for (const [id, op, values, created, ordinal, changed] of changes) {
      const table = tables.find((each) => each.id === id)
      const rows = this.rows.get(id)
      if (!table || !rows) throw new Error(`a change of "${id}", which is no table`)
      const row = decodeRow(table.columns, values)
      const stored = { row, created: { position: BigInt(created), ordinal }, changed: BigInt(changed) }
      const key = identityOf(table.keys, stored)
      expect([id, key, op, rows.has(key)]).toEqual([id, key, op, op !== 'new'])
      if (op === 'del') rows.delete(key)
      else rows.set(key, stored)
    }
    for (const [suffix, value] of documents)
      if (value === null) this.documents.delete(suffix)
      else this.documents.set(suffix, value)
  }
}

const step = fc.record<Step>({
  kind: fc.constantFrom('account', 'close', 'transaction', 'reversal', 'hold', 'release', 'capture'),
  book: fc.nat(2),
  from: fc.nat(3),
  to: fc.nat(3),
  cents: fc.integer({ min: 0, max: 1_000_000 }),
  commodity: fc.constantFrom('EUR', 'USD', 'kWh'),
  text: fc.oneof(fc.constantFrom(...AWKWARD), fc.string()),
})
const steps = fc.array(step, { minLength: 1, maxLength: 60 })
/** Sizes of batches, taken in turn; after a negative one the unit is opened anew, as after a crash. */
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: -20, max: -1 })), { minLength: 1 })

test('however the log is cut into batches, the read models are its plain fold, and so is what listeners hear', async () => {
  await fc.assert(
    fc.asyncProperty(steps, cuts, async (random, sizes) => {
      await empty()
      const events = await history(random)
      const listener = new Listener()
      let unit = await openUnit()
      try {
        for (let at = 0; unit.position < BigInt(events.length); at += 1) {
          const size = sizes[at % sizes.length] ?? 1
          const batch = batchOf(events, unit.position, Math.abs(size))
          listener.hear(await apply(unit, batch))
          expect(unit.position).toBe(batch.position)
          if (size > 0) continue
          await unit.close()
          unit = await openUnit()
          expect(unit.position).toBe(batch.position)
        }
      } finally {
        await unit.close()
      }
      for (const table of tables) {
        const expected = folded(table, events)
        expect(comparable(table, await storedRows(database, table))).toEqual(comparable(table, expected))
        if (table.isWatched)
          expect(comparable(table, listener.rows.get(table.id) ?? new Map())).toEqual(comparable(table, expected))
        if (!table.isDocument) continue
        for (const row of expected.values())
          expect(listener.documents.get(rowSuffix(table, row.row))).toBe(documentText(table, row))
      }
    }),
    { numRuns: 12 },
  )
})

/** What happens next: a batch of this size; in which half of the lanes; and how it ends. */
const turn = fc.record({
  size: fc.integer({ min: 1, max: 15 }),
  half: fc.nat(1),
  end: fc.constantFrom('commit', 'commit', 'pipeline', 'crash before commit', 'restart'),
})

test('lanes folded apart, by units that crash, restart and fold ahead, come to the same read models', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.array(turn, { minLength: 1, maxLength: 30 }), async (random, turns) => {
      await empty()
      const events = await history(random)
      const halves = [LANES.filter((lane) => lane % 2 === 0), LANES.filter((lane) => lane % 2 === 1)]
      const units = await Promise.all(halves.map((lanes) => openUnit(EPOCH, lanes)))
      try {
        for (const { size, half, end } of turns) {
          const unit = units[half]!
          const folded = await unit.fold(batchOf(events, unit.position, size))
          if (end === 'pipeline') {
            const first = unit.commit(folded)
            const next = await unit.fold(batchOf(events, unit.position, size))
            await first
            await unit.commit(next)
          } else if (end !== 'crash before commit') await unit.commit(folded)
          if (end !== 'crash before commit' && end !== 'restart') continue
          await unit.close()
          units[half] = await openUnit(EPOCH, halves[half])
        }
        for (const unit of units) await apply(unit, batchOf(events, unit.position, events.length))
      } finally {
        for (const unit of units) await unit.close()
      }
      for (const table of tables)
        expect(comparable(table, await storedRows(database, table))).toEqual(comparable(table, folded(table, events)))
    }),
    { numRuns: 12 },
  )
})

const simple = (kind: Step['kind'], to = 1): Step => ({
  kind,
  book: 0,
  from: 0,
  to,
  cents: 500,
  commodity: 'EUR',
  text: 'x',
})

async function everything(): Promise<unknown> {
  const rows = await Promise.all(tables.map(async (table) => comparable(table, await storedRows(database, table))))
  return [rows, await database.query('select lane, position from headwater.lanes order by lane')]
}

test('a batch that fails changes neither rows nor checkpoints, and the next unit goes on from there', async () => {
  await empty()
  const store = createMemoryStore()
  await appendHistory(store, [simple('account'), simple('transaction')])
  const [, , posted] = await readLog(store)
  const unit = await openUnit()
  await apply(unit, batchOf(await readLog(store), 0n, 3))
  const before = await everything()
  // What no column can hold, and only the server knows.
  await append(store, 'book0', { type: 'AccountClosed', data: { account: 'assets:0' } })
  await append(store, 'book0', {
    type: 'TransactionPosted',
    data: { ...posted?.data, id: 'another', description: 'a\0b' },
  })
  const events = await readLog(store)
  await expect(apply(unit, batchOf(events, 3n, 2))).rejects.toThrow('invalid byte sequence')
  await unit.close()
  expect(await everything()).toEqual(before)
  const next = await openUnit()
  expect(next.position).toBe(3n)
  await apply(next, batchOf(events, 3n, 1))
  await next.close()
  for (const table of tables)
    expect(comparable(table, await storedRows(database, table))).toEqual(
      comparable(table, folded(table, events.slice(0, 4))),
    )
})

test('an owner whose epoch is stale folds nothing', async () => {
  await empty()
  const events = await history([simple('transaction'), simple('transaction', 2)])
  const stale = await openUnit()
  await apply(stale, batchOf(events, 0n, 2))
  const before = await everything()
  await database.query('update headwater.lanes set epoch = epoch + 1 where lane = 3')
  await expect(apply(stale, batchOf(events, 2n, 1))).rejects.toThrow(Lost)
  await stale.close()
  expect(await everything()).toEqual(before)
  await database.query('update headwater.lanes set epoch = $1', [EPOCH + 1n])
  const owner = await openUnit(EPOCH + 1n)
  await apply(owner, batchOf(events, 2n, 1))
  await owner.close()
  expect(await everything()).not.toEqual(before)
})

test('a batch without an event of ours moves the checkpoints all the same', async () => {
  await empty()
  const unit = await openUnit()
  const [event] = await history([simple('transaction')])
  const foreign = { ...event!, aggregate: 'other', stream: 'other-1', type: 'OtherHappened' }
  const changes = await apply(unit, { after: 0n, position: 1n, events: [foreign] })
  await unit.close()
  expect(changes).toEqual({ changes: [], documents: [] })
  const positions = await database.query<{ position: string }>('select position from headwater.lanes')
  expect(positions).toEqual(LANES.map(() => ({ position: '1' })))
})
