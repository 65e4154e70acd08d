import { eventually, type ScratchDatabase, scratchDatabase, silentLogger } from '#testing'
import { SealedNames } from '../../fixtures/sealed-names.js'
import { type Queryable } from './blocks.js'
import { Names } from './names.js'
import { RunFollower } from './run-follower.js'
import { RunSet } from './run-set.js'

const POLL_MS = 20

let database: ScratchDatabase
let log: SealedNames
let runs: RunSet
let follower: RunFollower

beforeEach(async () => {
  database = await scratchDatabase()
  log = await SealedNames.open(database.url, silentLogger())
  runs = new RunSet()
  follower = new RunFollower(runs, log.pool, silentLogger(), POLL_MS)
})
afterEach(async () => {
  follower.close()
  await log.close()
  await database.drop()
})

/** How many filters are read on the connection on which terms begin, from now on. */
function filtersRead(): () => number {
  const query = jest.spyOn(log.client, 'query')
  return () => query.mock.calls.filter(([sql]) => sql.startsWith('select filter')).length
}

const followed = (count: number): Promise<true> =>
  eventually(`${count} runs are followed`, () => runs.all.length === count || undefined)

/** Every seventh name, and so some of every run. */
async function checkKnown(names: Names): Promise<void> {
  for (const position of [...log.known.values()].filter((_, at) => at % 7 === 0))
    expect(await names.find(log.pool, [SealedNames.hashOf(position)])).toEqual([position])
}

test('a term reads no filter that was read in advance, and all others', async () => {
  await log.seal(5)
  follower.start()
  await followed(5)
  await log.seal(1)
  await followed(6)
  follower.stop()
  await log.seal(1)
  const read = filtersRead()
  const names = await Names.load(log.client, runs, log.options)
  expect(read()).toBe(1)
  await checkKnown(names)
  await names.close()
})

test('runs that are merged are followed, and what they replace is let go', async () => {
  await log.seal(9)
  follower.start()
  await followed(9)
  await log.merge()
  await followed(2)
  expect(runs.all.map(({ level }) => level)).toEqual([1, 0])
})

test('a term that begins after runs were merged unseen reads the merged one, and only it', async () => {
  await log.seal(9)
  follower.start()
  await followed(9)
  follower.stop()
  await log.merge()
  await log.seal(1)
  const read = filtersRead()
  const names = await Names.load(log.client, runs, log.options)
  expect(read()).toBe(8 + 1)
  expect(runs.all.map(({ level }) => level)).toEqual([1, 0, 0])
  await checkKnown(names)
  await names.close()
})

test('what was half read when the term began is not read again', async () => {
  await log.seal(8)
  await log.merge()
  const stopping = new AbortController()
  let slices = 0
  const counting = {
    query: (sql: string, values: unknown[]) => {
      if (sql.startsWith('select filter') && ++slices === 3) stopping.abort()
      return log.pool.query(sql, values)
    },
  } as unknown as Queryable
  await expect(runs.refresh(counting, stopping.signal)).rejects.toThrow()
  expect(runs.all).toEqual([])
  const read = filtersRead()
  const names = await Names.load(log.client, runs, log.options)
  expect(read()).toBe(5)
  await checkKnown(names)
  await names.close()
})

test('nothing is believed for its positions alone: a log from a backup may have another run there', async () => {
  await log.seal(2)
  await runs.refresh(log.client)
  await database.query('update log.name_runs set id = gen_random_uuid() where last_position = 512')
  const read = filtersRead()
  await runs.refresh(log.client)
  expect(read()).toBe(1)
  expect(runs.all).toHaveLength(2)
})

test('when nothing changed, a look is one query and changes nothing', async () => {
  await log.seal(2)
  await runs.refresh(log.client)
  const { all } = runs
  const query = jest.spyOn(log.client, 'query')
  await runs.refresh(log.client)
  expect(query).toHaveBeenCalledTimes(1)
  expect(runs.all).toBe(all)
})

test('after an error it goes on', async () => {
  await database.query('alter table log.name_slices rename to gone')
  const failed = jest.spyOn(log.pool, 'query')
  follower.start()
  await eventually('it has failed', () => failed.mock.calls.length > 1)
  await database.query('alter table log.gone rename to name_slices')
  await log.seal(1)
  await followed(1)
})
