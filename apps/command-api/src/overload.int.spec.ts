import pg from 'pg'
import { CommandHandler } from '#commands'
import { domains } from '#domains'
import {
  eventually,
  type PostgresWriter,
  postgresWriter,
  type ScratchDatabase,
  scratchDatabase,
  testApi,
  type TestApi,
} from '#testing'
import { commandRoute } from './command-route.js'

const QUEUE_MAX = 16
const COMMANDS = 40

let database: ScratchDatabase
let writer: PostgresWriter
let api: TestApi

beforeEach(async () => {
  database = await scratchDatabase()
  writer = await postgresWriter({ url: database.url, queue_max: QUEUE_MAX })
  await writer.leads()
  const handler = new CommandHandler({ store: writer.store })
  const controllers = domains.flatMap((domain) => domain.commands.map((each) => commandRoute(domain, each, handler)))
  api = await testApi({ controllers })
})
afterEach(async () => {
  await api.close()
  await writer.close()
  await database.drop()
})

test('past the bound of the writer 503 with Retry-After; what was accepted completes, and what was refused may come again', async () => {
  const post = async (book: string): Promise<Response> =>
    fetch(`${api.url}/v1/ledger/books`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json', 'idempotency-key': book },
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
      `select 1 from pg_locks where relation = 'log.recent_names'::regclass and not granted
         and database = (select oid from pg_database where datname = current_database())`,
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
