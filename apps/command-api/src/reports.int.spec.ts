import { CommandHandler } from '#commands'
import { domains } from '#domains'
import { createMemoryStore, type EventStore, StoreUnavailable } from '#event-store'
import { reportPaths } from '#http-api'
import { readLog, testApi, type TestApi } from '#testing'
import { headOf, LOG_HEAD, ReportController, REPORTS, reportsOf } from './report-controller.js'

let store: EventStore
let isAway: boolean
let hasGaps: boolean
let api: TestApi

beforeEach(async () => {
  store = createMemoryStore()
  isAway = false
  hasGaps = false
  const head = headOf({
    get capabilities() {
      return { ...store.capabilities, gapFreePositions: !hasGaps }
    },
    head: () => (isAway ? Promise.reject(new StoreUnavailable('no log')) : store.head()),
  })
  const providers = [
    { provide: CommandHandler, useValue: new CommandHandler({ store }) },
    { provide: REPORTS, useValue: reportsOf(domains) },
    { provide: LOG_HEAD, useValue: head },
  ]
  api = await testApi({ controllers: [ReportController], providers })
})
afterEach(() => api.close())

interface Page {
  readonly post: { readonly responses: { readonly 202: { readonly content: Content } } }
}
interface Content {
  readonly 'application/json': {
    readonly schema: { readonly properties: object; readonly required: readonly string[] }
  }
}

const ask = (at?: string): Promise<Response> =>
  fetch(`${api.url}/v1/reports/trial-balance`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ params: { book: 'main' }, ...(at === undefined ? {} : { at }) }),
  })

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

test('the answer has the fields that the OpenAPI page names, and no other', async () => {
  const page = JSON.parse(JSON.stringify(reportPaths(domains)['/v1/reports/{name}'])) as Page
  const { properties, required } = page.post.responses['202'].content['application/json'].schema
  const body = (await (await ask()).json()) as object
  expect(Object.entries(body).map(([name, value]) => [name, { type: typeof value }])).toEqual(
    Object.entries(properties),
  )
  expect(required).toEqual(Object.keys(properties))
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
