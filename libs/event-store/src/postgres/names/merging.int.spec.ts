import fc from 'fast-check'
import pg from 'pg'
import { eventually, type ScratchDatabase, scratchDatabase, silentLogger } from '#testing'
import { NAMES_PER_RUN, SealedNames } from '../../fixtures/sealed-names.js'
import { findInRuns } from './blocks.js'
import { Merger } from './merger.js'
import { Names } from './names.js'
import { NameTable } from '../../log/name-table.js'
import { RunSet } from './run-set.js'
import { sealRun } from './run-store.js'
import { SLICE_BLOCKS, slicesOf } from './run.js'

let database: ScratchDatabase
let log: SealedNames

beforeEach(async () => {
  database = await scratchDatabase()
  log = await SealedNames.open(database.url, silentLogger())
})
afterEach(async () => {
  await log.close()
  await database.drop()
})

const number = async (sql: string): Promise<number> =>
  Number((await database.query<{ number: string }>(`select (${sql}) as number`))[0]?.number)
const levels = async (): Promise<number[]> =>
  (await log.stored()).flatMap(({ id, level }) => (id === undefined ? [] : level))

/** Asks for every so many-th of the names that were sealed, and for some that were not. */
async function checkKnown(runs: RunSet, each: number): Promise<void> {
  const asked = [...log.known].filter((_, at) => at % each === 0)
  const unknown = Array.from({ length: 100 }, (_, at): [string, number] => [SealedNames.hashOf(-at).toString('hex'), 0])
  const find = async ([name]: [string, number]): Promise<[string, number | undefined]> => {
    const hash = Buffer.from(name, 'hex')
    const [position] = await findInRuns(log.pool, [{ hash, runs: runs.suspects(hash) }])
    return [name, position]
  }
  expect(await Promise.all([...asked, ...unknown].map(find))).toEqual([...asked, ...unknown])
}

async function checkStored(): Promise<void> {
  const runs = new RunSet()
  await runs.refresh(log.client)
  await checkKnown(runs, 7)
}

/** Nothing but what is in force. */
async function checkNothingLeft(): Promise<void> {
  const slices = (await levels()).reduce((sum, level) => sum + slicesOf(level), 0)
  expect((await log.stored()).filter(({ id }) => id === undefined)).toEqual([])
  expect(await number('select count(*) from log.name_slices')).toBe(slices)
  expect(await number('select count(*) from log.name_blocks')).toBe(slices * SLICE_BLOCKS)
}

/** What happens to a log: names are sealed, some steps are done, and another term may read everything again. */
const walks = fc.array(
  fc.record({ names: fc.integer({ min: 1, max: NAMES_PER_RUN }), steps: fc.nat(12), isTakeover: fc.boolean() }),
  { minLength: 18, maxLength: 18 },
)

async function walk(rounds: typeof walks extends fc.Arbitrary<infer Rounds> ? Rounds : never): Promise<void> {
  let runs = new RunSet()
  for (const { names, steps, isTakeover } of rounds) {
    await log.seal(1, names)
    if (isTakeover) runs = new RunSet()
    for (let count = 0; count < steps; count += 1) {
      await runs.refresh(log.client)
      if ((await log.step()) === undefined) break
    }
    await runs.refresh(log.client)
    await checkKnown(runs, 101)
  }
  await log.merge()
  await runs.refresh(log.client)
  expect(runs.all.map(({ level }) => level)).toEqual([1, 1, 0, 0])
  await checkKnown(runs, 5)
  await checkNothingLeft()
}

test('runs of runs are merged, too', async () => {
  await log.seal(65, 100)
  await log.merge()
  const runs = new RunSet()
  await runs.refresh(log.client)
  expect(runs.all.map(({ level }) => level)).toEqual([2, 0])
  await checkKnown(runs, 13)
  await checkNothingLeft()
})

test('whatever is sealed, merged and read again in whichever order: all names are known, and no other', async () => {
  await fc.assert(fc.asyncProperty(walks, walk), { numRuns: 1, endOnFailure: true })
})

describe('a merge whose connection is cut', () => {
  // What each kind of step writes last, and so waits for.
  test.each([
    ['copy', 'name_slices'],
    ['swap', 'name_runs'],
    ['forget', 'name_slices'],
  ])('in the middle of a step of kind %s loses nothing, and goes on later', async (kind, table) => {
    await log.seal(9)
    await log.merge(kind)
    if (kind === 'copy') for (let count = 0; count < 3; count += 1) await log.step()
    const before = await log.stored()
    const blocker = new pg.Client({ connectionString: database.url })
    await blocker.connect()
    await blocker.query(`begin; lock table log.${table} in share mode`)
    const victim = new pg.Client({ connectionString: database.url, application_name: 'victim' })
    victim.on('error', () => undefined)
    await victim.connect()
    const cut = expect(log.step(victim)).rejects.toThrow()
    const waits = `from pg_stat_activity where application_name = 'victim' and wait_event_type = 'Lock'
      and datname = current_database()`
    await eventually('the step waits', async () => (await database.query(`select 1 ${waits}`)).length > 0)
    await database.query(`select pg_terminate_backend(pid) ${waits}`)
    await cut
    await blocker.query('rollback')
    await blocker.end()
    expect(await log.stored()).toEqual(before)
    await checkStored()
    await log.merge()
    expect(await levels()).toEqual([1, 0])
    await checkStored()
    await checkNothingLeft()
  })

  test('is begun again by the one that was cut', async () => {
    await log.seal(8)
    const runs = new RunSet()
    await runs.refresh(log.client)
    const { hold, logger } = log.options
    const client = (): pg.Client => new pg.Client({ connectionString: database.url, application_name: 'victim' })
    const more = { names_per_run: NAMES_PER_RUN, pauses: 0, retry_ms: 10 }
    const merger = new Merger(runs, { client, hold: hold(0), logger, ...more })
    merger.wake()
    const victims = "from pg_stat_activity where application_name = 'victim' and datname = current_database()"
    await eventually('a slice is written', async () => (await number('select count(*) from log.name_slices')) > 8)
    await database.query(`select pg_terminate_backend(pid) ${victims}`)
    await eventually('all is merged', async () => (await number('select count(*) from log.name_slices')) === 8)
    await merger.stop()
    await checkKnown(runs, 7)
    await checkNothingLeft()
  })
})

test.each(['copy', 'swap', 'forget'])('a stale term changes nothing: %s', async (kind) => {
  await log.seal(8)
  await log.merge(kind)
  const before = await log.stored()
  await log.loseTerm()
  await expect(log.step()).rejects.toMatchObject({ code: 'HW001' })
  await log.client.query('rollback')
  expect(await log.stored()).toEqual(before)
  const merger = new Merger(new RunSet(), {
    client: () => new pg.Client({ connectionString: database.url }),
    hold: log.hold(),
    names_per_run: NAMES_PER_RUN,
    logger: silentLogger(),
  })
  merger.wake()
  await merger.stop()
  expect(await log.stored()).toEqual(before)
})

test('a step that was told to stop half way is done by the next one', async () => {
  await log.seal(8)
  const names = await Names.load(log.client, new RunSet(), log.options)
  await names.close()
  await checkStored()
  await log.merge()
  await checkStored()
  await checkNothingLeft()
})

test('a term that begins while the one before still seals knows every name', async () => {
  const table = new NameTable(NAMES_PER_RUN)
  for (const position of [1, 2]) {
    const hash = SealedNames.hashOf(position)
    table.add(hash, position)
    const entry = Buffer.concat([hash, Buffer.alloc(8)])
    entry.writeBigInt64BE(BigInt(position), 16)
    await log.client.query('insert into log.recent_names values ($1 - 1, $1, $2)', [position, entry])
  }
  const successor = new pg.Client({ connectionString: database.url })
  await successor.connect()
  const query = async (sql: string, values?: unknown[]): Promise<unknown> => {
    if (sql.includes('from log.recent_names')) await sealRun(log.client, log.hold(2), 2, table)
    return successor.query(sql, values)
  }
  const names = await Names.load({ query } as unknown as pg.ClientBase, new RunSet(), log.options)
  expect(await database.query('select position from log.recent_names')).toEqual([{ position: '2' }])
  for (const position of [1, 2]) expect(await names.find(log.pool, [SealedNames.hashOf(position)])).toEqual([position])
  await names.close()
  await successor.end()
})

describe('a lookup', () => {
  /** A pool in which something happens between the moment a lookup has chosen its runs and its query. */
  function poolThat(before: () => Promise<void>): pg.Pool {
    const query = async (sql: string, values: unknown[]): Promise<unknown> => {
      await before()
      return log.pool.query(sql, values)
    }
    return { query } as unknown as pg.Pool
  }

  test('that has chosen its runs before they are merged and deleted finds the name in the merged one', async () => {
    await log.seal(7)
    const runs = new RunSet()
    const names = await Names.load(log.client, runs, log.options)
    await log.seal(1)
    await runs.refresh(log.client)
    for (const position of [1, 5 * NAMES_PER_RUN, 8 * NAMES_PER_RUN]) {
      let queries = 0
      const pool = poolThat(async () => {
        if (++queries > 1) return
        await log.merge('forget')
        await runs.refresh(log.client)
        await log.merge()
      })
      expect(await names.find(pool, [SealedNames.hashOf(position)])).toEqual([position])
    }
    await names.close()
  })

  test('of a term that is over fails, and does not say that nobody has the name', async () => {
    await log.seal(7)
    const names = await Names.load(log.client, new RunSet(), log.options)
    await log.seal(1)
    const pool = poolThat(() => log.merge())
    await expect(names.find(pool, [SealedNames.hashOf(1)])).rejects.toThrow('merged by another term')
    await names.close()
  })

  test('finds every name at every moment while a term merges', async () => {
    await log.seal(9)
    const runs = new RunSet()
    const names = await Names.load(log.client, runs, log.options)
    const positions = [...log.known.values()]
    let asked = 0
    const wrong: unknown[] = []
    await eventually('all is merged', async () => {
      for (let count = 0; count < 20; count += 1, asked += 1) {
        const position = positions[(asked * 131) % positions.length] ?? 1
        const [found] = await names.find(log.pool, [SealedNames.hashOf(position)])
        if (found !== position) wrong.push({ position, found })
      }
      return runs.all.length === 2 && (await number('select count(*) from log.name_slices')) === 9
    })
    await names.close()
    expect(wrong).toEqual([])
    expect(runs.all.map(({ level }) => level)).toEqual([1, 0])
    await checkKnown(runs, 7)
  })
})
