import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createMemoryStore, type EventStore, StoreUnavailable } from '#event-store'
import { shortLived, testApi, type TestApi } from '#testing'
import { EventTails } from './event-tails.js'
import { EventsController, STORE } from './events-controller.js'

let store: EventStore
let tails: EventTails
let api: TestApi

beforeEach(async () => {
  store = createMemoryStore()
  tails = new EventTails()
  api = await serve()
})
afterEach(() => api.close())

function serve(bounds: { readonly idle_ms_max?: number } = {}): Promise<TestApi> {
  const providers = [
    { provide: STORE, useValue: store },
    { provide: EventTails, useValue: tails },
  ]
  return testApi({ controllers: [EventsController], providers, ...bounds })
}

const append = (): Promise<unknown> =>
  store.append({
    commandId: { stream: 'lamp-1', key: randomUUID() },
    requestHash: randomUUID(),
    writes: [
      {
        stream: 'lamp-1',
        expected: 'any',
        events: [{ id: randomUUID(), type: 'Lit', version: 1, data: {}, metadata: {} }],
      },
    ],
  })

/** @returns what reads one line after the other. */
async function tail(token: string): Promise<() => Promise<unknown>> {
  const answer = await fetch(`${api.url}/v1/events?from=1`, { headers: { authorization: `Bearer ${token}` } })
  const reader = answer.body!.getReader()
  let unread = ''
  return async () => {
    while (!unread.includes('\n')) {
      const piece = await reader.read()
      if (piece.done) return undefined
      unread += Buffer.from(piece.value).toString()
    }
    const [line = ''] = unread.split('\n', 1)
    unread = unread.slice(line.length + 1)
    return JSON.parse(line) as unknown
  }
}

test('on a quiet log the answer begins before any event', async () => {
  const answer = await fetch(`${api.url}/v1/events`, { headers: { authorization: `Bearer ${api.token}` } })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson'])
  expect(answer.headers.get('x-correlation-id')).toBeTruthy()
  await append()
  const first = await answer.body!.getReader().read()
  expect(JSON.parse(Buffer.from(first.value as Uint8Array).toString())).toMatchObject({ position: '1' })
})

test.each(['', '?from=1'])('a log that does not answer is no bug: %j', async (query) => {
  const away = new StoreUnavailable('the log cannot be read')
  jest.spyOn(store, 'head').mockRejectedValue(away)
  jest.spyOn(store, 'readAll').mockImplementation(() => {
    throw away
  })
  const answer = await fetch(`${api.url}/v1/events${query}`, { headers: { authorization: `Bearer ${api.token}` } })
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await answer.json()).toMatchObject({ code: 'unavailable', detail: 'the log cannot be read' })
})

test('a tail ends with its token, and says so', async () => {
  await append()
  const next = await shortLived(async (ttl_s) => {
    const begun = await tail(await api.issue({ ttl_s }))
    const first = (await begun()) as { readonly type?: string } | undefined
    return first?.type === 'Lit' ? begun : undefined
  })
  expect(await next()).toMatchObject({ problem: { status: 401, code: 'unauthorized' } })
  expect(await next()).toBeUndefined()
})

test('a tail may be as quiet as the log, and is cut off before a planned stop', async () => {
  await api.close()
  api = await serve({ idle_ms_max: 1_000 })
  await append()
  const next = await tail(api.token)
  expect(await next()).toMatchObject({ position: '1', type: 'Lit' })
  const idle = connect(api.port, '127.0.0.1')
  idle.write('GET /v1/events HTTP/1.1\r\nhost')
  await once(idle.resume(), 'close')
  await append()
  expect(await next()).toMatchObject({ position: '2' })
  tails.end()
  await expect(next()).rejects.toThrow('terminated')
})
