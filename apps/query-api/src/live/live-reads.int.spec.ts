import { ledger } from '#ledger'
import {
  type Answer,
  fleetOf,
  migrateReadModels,
  openRedis,
  Reader,
  type Redis,
  ResourceCatalogue,
  Sources,
  tablesOf,
} from '#read-models'
import { eventually, scratchServers, type ScratchServers } from '#testing'
import { readResource } from '../read-resource.js'
import { principalOf } from './fixtures/live-stage.js'
import { EnclosedReads } from './enclosed-reads.js'
import { LiveReads, type LiveReading } from './live-reads.js'

const READS_MAX = 2
const FAR = 1_000n

let servers: ScratchServers
let redis: Redis
let sources: Sources
let reads: LiveReading
const catalogue = new ResourceCatalogue([ledger])
const read = (path: string, minPosition: bigint, reader: LiveReading = reads): Promise<Answer> =>
  readResource(reader, catalogue.find(`/v1/ledger/books${path}`)!, { filter: {} }, minPosition, principalOf())

beforeAll(async () => {
  servers = await scratchServers()
  const { database, scratch, logger } = servers
  const tables = tablesOf([ledger])
  await migrateReadModels(database.url, tables)
  await database.query('update headwater.lanes set position = 9')
  await database.query('update headwater.members set position = null')
  await database.query("insert into books_v1.books values ('main', '', 0, 0, 0, 0, '', null, 1, 0, 1)")
  redis = openRedis(scratch.url, logger)
  sources = new Sources({
    ...{ replicaUrls: [database.url], primaryUrl: database.url, primary: 'never', pool_max: 4 },
    ...{ hang_ms_max: 20_000, logger },
  })
  const carriers = { of: () => fleetOf(tables) }
  const reader = new Reader({ sources, carriers, redis, logger, wait_ms_max: 60_000 })
  reads = new LiveReads(reader, { running_max: READS_MAX, isAhead: (_, position) => position > 9n }).for({
    ...{ subject: 'somebody', isGone: false },
  })
})
afterAll(async () => {
  await sources.close()
  redis.destroy()
  await servers.scratch.drop()
  await servers.database.drop()
})

test('whoever waits for a position that is far keeps nobody from reading, and reads when it has come', async () => {
  const paths = ['', '/main', '/main/balances', '/main/transactions', '/main/transfers', '/main/accounts/a/statement']
  const waiting = paths.flatMap((path) => Array.from({ length: READS_MAX }, (_, at) => read(path, FAR + BigInt(at))))
  const answered: Answer[] = []
  const ended = Promise.allSettled(waiting.map((each) => each.then((answer) => answered.push(answer))))
  await read('/main', 9n)
  await read('/main/transactions', 9n)
  expect(answered).toEqual([])
  await servers.database.query('update headwater.lanes set position = 2000')
  await eventually('they are answered', () => answered.length > 0)
  const outcomes = (await ended).map((each) => (each.status === 'fulfilled' ? 'read' : String(each.reason)))
  // A statement is that of an account, of which there is none.
  const missing = 'Problem: there is no book "main", account "a"'
  expect(outcomes).toEqual([...Array.from({ length: 10 }, () => 'read'), missing, missing])
  expect(answered[0]).toMatchObject({ position: 2000n })
})

test('what lies within a document whose projection has stopped is read as far as it is itself', async () => {
  await servers.database.query("update headwater.members set position = 1000 where projection = 'books'")
  const enclosed = new EnclosedReads(reads, ({ readable }) => readable.within?.table.name === 'books')
  for (const path of ['/main/balances', '/main/transactions'])
    expect(await read(path, 2_000n, enclosed)).toMatchObject({ position: 2_000n })
  const list = catalogue.find('/v1/ledger/books/main/transactions')!
  const missed = await enclosed.missed(list, { position: 0n, ordinal: 0 }, 10, { minPosition: 2_000n })
  expect(missed).toMatchObject({ position: 2_000n, items: [], isComplete: true })
  // It may have been opened since.
  await expect(read('/other/transactions', 2_000n, enclosed)).rejects.toMatchObject({ code: 'not-fresh-enough' })
  await expect(read('/other/transactions', 1_000n, enclosed)).rejects.toMatchObject({ code: 'not-found' })
})
