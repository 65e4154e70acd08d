import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { CommandHandler } from '#commands'
import { domains } from '#domains'
import { createMemoryStore, type EventStore, StoreUnavailable } from '#event-store'
import { createAuthenticator, createHttpServer, ensureLocalKey, Health, issueToken, localJwksUrl } from '#runtime'
import { freePort, readLog, silentLogger } from '#testing'
import { headOf, LOG_HEAD, ReportController, REPORTS, reportsOf } from './report-controller.js'

let store: EventStore
let isAway: boolean
let hasGaps: boolean
let keys: string
let url: string
let close: () => Promise<void>

beforeEach(async () => {
  store = createMemoryStore()
  isAway = false
  hasGaps = false
  keys = await mkdtemp(join(tmpdir(), 'headwater-keys-'))
  await ensureLocalKey(keys)
  const head = headOf({
    get capabilities() {
      return { ...store.capabilities, gapFreePositions: !hasGaps }
    },
    head: () => (isAway ? Promise.reject(new StoreUnavailable('no log')) : store.head()),
  })
  class CommandApi {}
  const server = await createHttpServer({
    module: {
      module: CommandApi,
      controllers: [ReportController],
      providers: [
        { provide: CommandHandler, useValue: new CommandHandler({ store }) },
        { provide: REPORTS, useValue: reportsOf(domains) },
        { provide: LOG_HEAD, useValue: head },
      ],
    },
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
  url = `http://127.0.0.1:${port}/v1/reports/trial-balance`
  close = () => server.app.close()
})
afterEach(async () => {
  await close()
  await rm(keys, { recursive: true, force: true })
})

async function ask(at?: string): Promise<Response> {
  const token = await issueToken(keys, { role: 'operator', ttl_s: 600 })
  return fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ params: { book: 'main' }, ...(at === undefined ? {} : { at }) }),
  })
}

test('a report may be asked for at a position that an answer gave, and at none beyond the end of the log', async () => {
  const first = await ask()
  expect(first.status).toBe(202)
  const position = first.headers.get('headwater-position') ?? ''
  const refused = await ask(String(BigInt(position) + 1n))
  expect(refused.status).toBe(400)
  const message = `at is beyond the end of the log, which is at position ${position}; use a position that an answer gave`
  expect(await refused.json()).toMatchObject({
    ...{ code: 'invalid-parameter', detail: message, errors: [{ field: 'at', rule: 'log-end', message }] },
  })
  expect((await ask(position)).status).toBe(202)
  expect((await readLog(store)).map(({ data }) => (data as { at?: string }).at)).toEqual([undefined, position])
})

test('where positions have gaps, an answer may have given one beyond the last event', async () => {
  hasGaps = true
  expect((await ask('1000')).status).toBe(202)
})

test('where nobody knows where the log ends, it may be asked for again', async () => {
  isAway = true
  const answer = await ask('1')
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({ code: 'unavailable' })
})
