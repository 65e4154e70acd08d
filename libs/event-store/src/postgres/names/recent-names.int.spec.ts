import { type ScratchDatabase, scratchDatabase, silentLogger } from '#testing'
import { SealedNames } from '../../fixtures/sealed-names.js'
import { writeInt64 } from '../../log/binary.js'
import { Merger } from './merger.js'
import { ENTRY_BYTES } from '../../log/name-table.js'
import { Names } from './names.js'
import { RunSet } from './run-set.js'

/** More than two pages. */
const BATCHES = 250

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

/** A batch of one name, as it is stored. */
function batchAt(position: number): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES)
  writeInt64(entry, position, SealedNames.hashOf(position).copy(entry))
  return entry
}

afterEach(() => jest.restoreAllMocks())

test('when they cannot be read to the end nobody goes on with merging what was sealed meanwhile', async () => {
  const stop = jest.spyOn(Merger.prototype, 'stop')
  const query = log.client.query.bind(log.client) as (...asked: unknown[]) => unknown
  jest.spyOn(log.client, 'query').mockImplementation((...asked: unknown[]) => {
    if (asked[0] === 'commit') throw new Error('the connection broke')
    return query(...asked)
  })
  await expect(Names.load(log.client, new RunSet(), log.options)).rejects.toThrow('the connection broke')
  expect(stop).toHaveBeenCalledTimes(1)
})

test('the names of however many batches are read page by page, and all of them are known', async () => {
  await log.seal(1)
  const positions = Array.from({ length: BATCHES }, (_, at) => 1_000 + at)
  await log.pool.query(
    'insert into log.recent_names (after, position, names) select p - 1, p, n from unnest($1::bigint[], $2::bytea[]) as b(p, n)',
    [positions, positions.map(batchAt)],
  )
  const query = jest.spyOn(log.client, 'query')
  const names = await Names.load(log.client, new RunSet(), log.options)
  const answers = await Promise.all(
    query.mock.results.map(({ value }) => value as Promise<{ rowCount: number | null }>),
  )
  expect(Math.max(...answers.map(({ rowCount }) => rowCount ?? 0))).toBe(100)
  for (const position of positions) expect(names.recent(SealedNames.hashOf(position))).toBe(position)
  await names.close()
})
