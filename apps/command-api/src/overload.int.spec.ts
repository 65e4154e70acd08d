import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { Registry } from 'prom-client'
import { CommandHandler } from '#commands'
import { domains } from '#domains'
import { createAuthenticator, createHttpServer, ensureLocalKey, Health, issueToken, localJwksUrl } from '#runtime'
import {
  eventually,
  freePort,
  type PostgresWriter,
  postgresWriter,
  type ScratchDatabase,
  scratchDatabase,
  silentLogger,
} from '#testing'
import { commandRoute } from './command-route.js'

const QUEUE_MAX = 16
const COMMANDS = 40

let database: ScratchDatabase
let writer: PostgresWriter
let keys: string
let url: string
let close: () => Promise<void>

beforeEach(async () => {
  database = await scratchDatabase()
  writer = await postgresWriter({ url: database.url, queue_max: QUEUE_MAX })
  await writer.leads()
  keys = await mkdtemp(join(tmpdir(), 'headwater-keys-'))
  await ensureLocalKey(keys)
  const handler = new CommandHandler({ store: writer.store })
  const routes = domains.flatMap((domain) => domain.commands.map((each) => commandRoute(domain, each, handler)))
  class CommandApi {}
  const server = await createHttpServer({
    module: { module: CommandApi, controllers: routes },
    authenticator: await createAuthenticator({
      jwksUrl: localJwksUrl(keys),
      issuer: 'headwater',
      audience: 'headwater',
    }),
    health: new Health(),
    metrics: new Registry(),
    logger: silentLogger(),
  })
  const port = await freePort()
  await server.listen(port, '127.0.0.1')
  url = `http://127.0.0.1:${port}/v1/ledger/books`
  close = () => server.app.close()
})
afterEach(async () => {
  await close()
  await writer.close()
  await database.drop()
  await rm(keys, { recursive: true, force: true })
})

test('past the bound of the writer 503 with Retry-After; what was accepted completes, and what was refused may come again', async () => {
  const token = await issueToken(keys, { role: 'operator', ttl_s: 600 })
  const post = async (book: string): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': book },
      body: JSON.stringify({ book }),
    })
  const blocker = new pg.Client({ connectionString: database.url })
  await blocker.connect()
  await blocker.query('begin; lock table log.recent_names in exclusive mode')
  const books = Array.from({ length: COMMANDS }, (_, at) => `book-${at}`)
  const answers = new Map<string, Response>()
  const send = async (book: string): Promise<void> => void answers.set(book, await post(book))
  const [first = '', ...others] = books
  const sent = [send(first)]
  // Alone in its batch, which the server holds up: how many fit behind it is known then.
  await eventually('the first one is being committed', async () => {
    const held = await database.query(
      `select 1 from pg_locks where relation = 'log.recent_names'::regclass and not granted`,
    )
    return held.length === 1
  })
  sent.push(...others.map(send))
  await eventually('those that do not fit are refused', () => answers.size === COMMANDS - QUEUE_MAX - 1)
  for (const answer of answers.values()) {
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(await answer.json()).toMatchObject({ code: 'overloaded', status: 503 })
  }
  const refused = [...answers.keys()]
  await blocker.query('commit')
  await blocker.end()
  await Promise.all(sent)
  for (const book of books.filter((each) => !refused.includes(each))) expect(answers.get(book)?.status).toBe(201)
  for (const book of refused) expect((await post(book)).status).toBe(201)
  const streams = await database.query<{ stream: string }>('select stream from log.events')
  expect(streams.map(({ stream }) => stream).sort()).toEqual(books.map((book) => `book-${book}`).sort())
})
