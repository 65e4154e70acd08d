import { type IncomingMessage, request } from 'node:http'
import { type AddressInfo } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { ledger } from '#ledger'
import {
  Exporter,
  migrateReadModels,
  openRedis,
  Reader,
  type Redis,
  ResourceCatalogue,
  Sources,
  tablesOf,
  fleetOf,
} from '#read-models'
import { type Principal, Problem } from '#runtime'
import {
  eventually,
  type ScratchDatabase,
  scratchDatabase,
  type ScratchRedis,
  scratchRedis,
  silentLogger,
} from '#testing'
import { ExportSlots } from './export-slots.js'
import { FORMATS } from './formats.js'
import { sendExport } from './send-export.js'

/** Together far more than the buffers of a connection hold. */
const ROWS = 10_000
const DESCRIPTION_LENGTH = 4_000

let database: ScratchDatabase
let scratch: ScratchRedis
let redis: Redis
let sources: Sources
let server: FastifyInstance
let slots: ExportSlots
let url: string
/** Who asks. */
let principal: Principal
/** What a request waits for before it comes to the export. */
let arrived: (reply: FastifyReply) => Promise<void>

beforeAll(async () => {
  const tables = tablesOf([ledger])
  database = await scratchDatabase()
  await migrateReadModels(database.url, tables)
  await database.query('update headwater.lanes set position = $1', [ROWS + 1])
  await database.query('update headwater.members set position = null')
  await database.query("insert into books_v1.books values ('main', '', 0, 0, 0, 0, '', null, 1, 0, 1)")
  await database.query(
    `insert into transactions_v2.transactions select 'main', 't' || n, '2026-01-01', repeat('x', $1), '', '', '{}', '[]',
       null, null, null, '', n, 0, n from generate_series(2, $2::integer + 1) n`,
    [DESCRIPTION_LENGTH, ROWS],
  )
  scratch = await scratchRedis()
  redis = openRedis(scratch.url, silentLogger())
})
afterAll(async () => {
  redis.destroy()
  await scratch.drop()
  await database.drop()
})

const tokenOf = (subject: string): Principal => ({
  ...{ subject, scopes: new Set(['read'] as const), expiresAt_ms: Infinity, isRestricted: false },
  idsOf: () => undefined,
})

async function serve(stalled_ms_max: number, own = new ExportSlots({ running_max: 2 })): Promise<void> {
  const logger = silentLogger()
  sources = new Sources({
    ...{ replicaUrls: [database.url], primaryUrl: database.url, primary: 'never', pool_max: 2, streams_max: 2 },
    ...{ hang_ms_max: 20_000, logger },
  })
  const carriers = { of: () => fleetOf(tablesOf([ledger])) }
  const reader = new Reader({ sources, carriers, redis, logger })
  slots = own
  const tools = { reader, slots, exporter: new Exporter({ reader, sources }), stalled_ms_max }
  const named = new ResourceCatalogue([ledger]).find('/v1/ledger/books/main/transactions')!
  server = fastify({ forceCloseConnections: true })
  server.get('/', async (_, reply) => {
    await arrived(reply)
    await sendExport(tools, reply, {
      ...{ named, query: { filter: {} }, minPosition: 0n, format: FORMATS.get('text/csv')!, isHead: false },
      principal,
    })
  })
  server.setErrorHandler((error, _, reply) =>
    error instanceof Problem ? reply.status(error.status).headers(error.headers).send(error.code) : reply.send(error),
  )
  await server.listen({ port: 0, host: '127.0.0.1' })
  url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`
}
beforeEach(async () => {
  principal = tokenOf('ann')
  arrived = () => Promise.resolve()
  await serve(60_000)
})
afterEach(async () => {
  await server.close()
  await sources.close()
})

/** An answer of which nothing is read yet. */
const open = (): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { agent: false }, (answer) => {
      answer.on('error', () => undefined)
      resolve(answer)
    })
    sent.on('error', reject)
    sent.end()
  })

/** Bytes to the end; rejects when it is cut short. */
async function lengthOf(answer: IncomingMessage): Promise<number> {
  let length = 0
  for await (const bytes of answer) length += (bytes as Buffer).length
  return length
}

const exporting = async (): Promise<number> => {
  const rows = await database.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and application_name = 'headwater exports'
     and state <> 'idle'`,
  )
  return rows.length
}

test('sends the whole list, and nothing is held afterwards', async () => {
  const answer = await open()
  expect(answer.headers).toMatchObject({
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': 'attachment; filename="transactions-10001.csv"',
    'headwater-position': String(ROWS + 1),
  })
  expect(await lengthOf(answer)).toBeGreaterThan(ROWS * DESCRIPTION_LENGTH)
  expect(answer.complete).toBe(true)
  await eventually('all is free', async () => slots.size === 0 && (await exporting()) === 0)
})

test('a reader that takes nothing makes the database wait, one more export than may run is refused', async () => {
  const first = await open()
  principal = tokenOf('ben')
  const second = await open()
  await eventually('both hold a snapshot', async () => (await exporting()) === 2)
  const refused = await open()
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5'])
  refused.resume()
  principal = tokenOf('cleo')
  first.destroy()
  await eventually('its place and its connection are free', async () => slots.size === 1 && (await exporting()) === 1)
  expect((await open()).destroy().statusCode).toBe(200)
  expect(await lengthOf(second)).toBeGreaterThan(ROWS * DESCRIPTION_LENGTH)
})

test('who is gone before the export begins leaves nothing behind', async () => {
  let isOver = false
  arrived = async (reply) => {
    answer.destroy()
    await eventually('the reader is gone', () => reply.raw.destroyed)
    isOver = true
  }
  const answer = request(url, { agent: false })
  answer.on('error', () => undefined)
  answer.end()
  await eventually('it has come', () => isOver)
  await eventually('all is free', async () => slots.size === 0 && (await exporting()) === 0)
  arrived = () => Promise.resolve()
  const all = [await open()]
  principal = tokenOf('ben')
  all.push(await open())
  expect(all.map(({ statusCode }) => statusCode)).toEqual([200, 200])
  for (const each of all) each.destroy()
})

test('what cannot be read to its end is cut, not ended', async () => {
  const answer = await open()
  await eventually('it holds a snapshot', async () => (await exporting()) === 1)
  await database.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'headwater exports'`)
  await expect(lengthOf(answer)).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(answer.complete).toBe(false)
  await eventually('its place is free', () => slots.size === 0)
})

test('a reader that stalls is cut off', async () => {
  await server.close()
  await sources.close()
  await serve(100)
  const answer = await open()
  await eventually('its place and its connection are free', async () => slots.size === 0 && (await exporting()) === 0)
  await expect(lengthOf(answer)).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('a second one of the same subject is refused while there is room for others, whose begin', async () => {
  const first = await open()
  const refused = await open()
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5'])
  refused.resume()
  principal = tokenOf('ben')
  const other = await open()
  expect(other.statusCode).toBe(200)
  for (const each of [first, other]) each.destroy()
})

test('one does not outlive its token', async () => {
  let isExpired = false
  // Whenever it is looked at, it has a moment left, until it has none.
  const short = { expiresAt_ms: { get: () => (isExpired ? 0 : Date.now() + 20) } }
  principal = Object.defineProperties(tokenOf('ann'), short)
  const answer = await open()
  await eventually('it holds a snapshot', async () => (await exporting()) === 1)
  isExpired = true
  await eventually('its place and its connection are free', async () => slots.size === 0 && (await exporting()) === 0)
  await expect(lengthOf(answer)).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('a planned stop ends what does not come to its end, visibly', async () => {
  await server.close()
  await sources.close()
  await serve(60_000, new ExportSlots({ running_max: 2, drain_ms: 0 }))
  const answer = await open()
  await eventually('it holds a snapshot', async () => (await exporting()) === 1)
  await slots.drain()
  await expect(lengthOf(answer)).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect((await open()).statusCode).toBe(503)
})
