import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { CommandHandler } from '#commands'
import { domains } from '#domains'
import { createMemoryStore } from '#event-store'
import { testApi, type TestApi } from '#testing'
import { BulkCommands } from './bulk-commands.js'
import { BulkController, takeLines } from './bulk-controller.js'

let api: TestApi
beforeEach(async () => {
  const bulk = new BulkCommands(domains, new CommandHandler({ store: createMemoryStore() }))
  const providers = [{ provide: BulkCommands, useValue: bulk }]
  api = await testApi({ controllers: [BulkController], providers, configure: takeLines, idle_ms_max: 200 })
})
afterEach(() => api.close())

test('lines may come as seldom as they like', async () => {
  const lines = request(`${api.url}/v1/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/x-ndjson' },
  })
  const open = (book: string): string =>
    `${JSON.stringify({ key: book, command: 'ledger.open-book', target: book, body: { book } })}\n`
  lines.write(open('one'))
  const [answer] = (await once(lines, 'response')) as [NodeJS.ReadableStream]
  const answers = answer.setEncoding('utf8')[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => JSON.parse(String((await answers.next()).value)) as unknown
  expect(await next()).toMatchObject({ key: 'one', status: 201 })
  const idle = connect(api.port, '127.0.0.1')
  idle.write('POST /v1/commands HTTP/1.1\r\nhost')
  await once(idle.resume(), 'close')
  lines.end(open('two'))
  expect(await next()).toMatchObject({ key: 'two', status: 201 })
  expect((await answers.next()).done).toBe(true)
})
