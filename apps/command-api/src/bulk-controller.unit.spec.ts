import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { CommandHandler } from '#commands'
import { domains } from '#domains'
import { createMemoryStore } from '#event-store'
import { ledger } from '#ledger'
import { shortLived, silentLogger, testApi, type TestApi } from '#testing'
import { BulkCommands } from './bulk-commands.js'
import { BulkController, takeLines } from './bulk-controller.js'
import { commandRoute } from './command-route.js'

let api: TestApi
beforeEach(async () => {
  api = await serve()
})
afterEach(() => api.close())

function serve(bounds: { readonly idle_ms_max?: number } = {}): Promise<TestApi> {
  const handler = new CommandHandler({ store: createMemoryStore() })
  const providers = [{ provide: BulkCommands, useValue: new BulkCommands(domains, handler, silentLogger()) }]
  const routes = ledger.commands.map((each) => commandRoute(ledger, each, handler))
  const controllers = [BulkController, ...routes]
  return testApi({ controllers, providers, configure: takeLines, ...bounds })
}

const open = (book: string): string =>
  `${JSON.stringify({ key: book, command: 'ledger.open-book', target: book, body: { book } })}\n`

const send = (path: string, body: Uint8Array<ArrayBuffer>): Promise<Response> =>
  fetch(api.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/x-ndjson' },
    body,
  })

test('a line of broken bytes is answered so, and the others are taken', async () => {
  const broken = Buffer.from(open('\ufffd')).toString('latin1').replaceAll('\u00ef\u00bf\u00bd', '\u00ff')
  const sent = Buffer.concat([Buffer.from(open('one')), Buffer.from(broken, 'latin1'), Buffer.from(open('two'))])
  const answers = (await (await send('/v1/commands', new Uint8Array(sent))).text()).trim().split('\n')
  expect(answers.map((each) => JSON.parse(each) as unknown)).toMatchObject([
    { key: 'one', status: 201 },
    { key: null, status: 400, problem: { code: 'malformed-json', errors: [{ field: 'line', rule: 'utf-8' }] } },
    { key: 'two', status: 201 },
  ])
})

test('no other route reads lines', async () => {
  const answer = await send('/v1/ledger/books', new Uint8Array(Buffer.from('{"book":"b"}')))
  expect([answer.status, await answer.json()]).toMatchObject([415, { code: 'unsupported-media-type' }])
})

/** A stream of lines that goes on for as long as the test likes. */
async function stream(token: string, first: string) {
  const lines = request(`${api.url}/v1/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
  })
  lines.on('error', () => undefined).write(first)
  const [answer] = (await once(lines, 'response')) as [IncomingMessage]
  const answers = createInterface({ input: answer })[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => JSON.parse(String((await answers.next()).value)) as unknown
  return { lines, answers, next }
}

const EXPIRED = { key: null, status: 401, problem: { code: 'unauthorized' } }

test('a stream ends with its token, also while no line comes', async () => {
  const { lines, answers, next } = await shortLived(async (ttl_s) => {
    const begun = await stream(await api.issue({ ttl_s }), open('one'))
    return ((await begun.next()) as { readonly status: number }).status === 201 ? begun : undefined
  })
  expect(await next()).toMatchObject(EXPIRED)
  expect((await answers.next()).done).toBe(true)
  lines.write(open('two'))
  if (!lines.destroyed) await once(lines, 'close')
})

test('a line that is too long ends the stream, and its sender reads why', async () => {
  const { lines, answers, next } = await stream(api.token, open('one'))
  expect(await next()).toMatchObject({ key: 'one', status: 201 })
  lines.write('x'.repeat(2_000_000))
  expect(await next()).toMatchObject({ key: null, status: 413 })
  expect((await answers.next()).done).toBe(true)
  lines.destroy()
})

test('lines may come as seldom as they like', async () => {
  await api.close()
  api = await serve({ idle_ms_max: 1_000 })
  // What the first answer takes is no idleness.
  await send('/v1/commands', new Uint8Array(Buffer.from(open('none'))))
  const { lines, answers, next } = await stream(api.token, open('one'))
  expect(await next()).toMatchObject({ key: 'one', status: 201 })
  const idle = connect(api.port, '127.0.0.1')
  idle.write('POST /v1/commands HTTP/1.1\r\nhost')
  await once(idle.resume(), 'close')
  lines.end(open('two'))
  expect(await next()).toMatchObject({ key: 'two', status: 201 })
  expect((await answers.next()).done).toBe(true)
})
