import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { testApi, type TestApi } from '#testing'
import { forwardedRoute } from './forward.js'

let answering: RequestListener
/** What the other API was asked. */
let asked: string[]
let other: Server
let api: TestApi

const listen = async (listener: RequestListener): Promise<Server> => {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

beforeEach(async () => {
  asked = []
  answering = (_, response) => response.end('answered')
  other = await listen((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
    answering(request, response)
  })
  const origin = originOf(other)
  const controllers = ['GET /jobs/{id}', 'GET /jobs/{id}/{file}', 'POST /{name}'].map((route) =>
    forwardedRoute({ origin, prefix: '/v1/reports', route, scope: 'read', name: 'Forwarded' }),
  )
  api = await testApi({ controllers })
})
afterEach(async () => {
  other.closeAllConnections()
  other.close()
  await api.close()
})

type Asked = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> }
const ask = (path: string, more: Asked = {}): Promise<Response> =>
  fetch(api.url + path, { ...more, headers: { authorization: `Bearer ${api.token}`, ...more.headers } })

/** The whole answer to a request target that no client library would send. */
async function askRaw(target: string, authorization = `Bearer ${api.token}`): Promise<string> {
  const socket = connect(api.port, '127.0.0.1')
  socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\nconnection: close\r\n\r\n`)
  return text(socket)
}

test('asks the same of the other API, and answers as it does', async () => {
  let told: IncomingMessage | undefined
  let body = ''
  answering = (request, response) => {
    told = request
    void text(request).then((sent) => {
      body = sent
      response.writeHead(202, { location: '/v1/reports/jobs/1', 'headwater-position': '7', 'x-inner': '1' }).end('{}')
    })
  }
  const answer = await ask('/v1/reports/trial-balance?a=1&b=%23', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'k', cookie: 'c=1' },
    body: '{"params":{}}',
  })
  expect(asked).toEqual(['POST /v1/reports/trial-balance?a=1&b=%23'])
  expect(told?.headers).toMatchObject({ authorization: `Bearer ${api.token}`, 'idempotency-key': 'k' })
  expect([told?.headers.cookie, body]).toEqual([undefined, '{"params":{}}'])
  expect([answer.status, await answer.text()]).toEqual([202, '{}'])
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    location: '/v1/reports/jobs/1',
    'headwater-position': '7',
  })
  expect(answer.headers.has('x-inner')).toBe(false)
})

test('a body nested too deep to be written down again is refused here, as it would be there', async () => {
  const body = `{"params":${'['.repeat(7_000)}${']'.repeat(7_000)}}`
  const headers = { 'content-type': 'application/json' }
  const answer = await ask('/v1/reports/trial-balance', { method: 'POST', headers, body })
  expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'invalid-body' }])
  expect(asked).toEqual([])
})

describe('the ids of a request go along:', () => {
  /** Asks a report for. @returns the ids that the other API was told, and what the client was answered. */
  async function told(headers: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
    let inner: IncomingMessage['headers'] = {}
    answering = (request, response) => {
      inner = request.headers
      response.end('{}')
    }
    const answer = await ask('/v1/reports/trial-balance', { method: 'POST', headers })
    return [inner['x-correlation-id'], inner['x-causation-id'], answer.headers.get('x-correlation-id')]
  }

  test('those that were sent', async () => {
    expect(await told({ 'x-correlation-id': 'abc', 'x-causation-id': 'button-1' })).toEqual(['abc', 'button-1', 'abc'])
  })

  test('the one that was made here when none was sent, or none that is one', async () => {
    for (const headers of [{}, { 'x-correlation-id': 'no id', 'x-causation-id': 'no id' }]) {
      const [correlation, causation, answered] = await told(headers)
      expect(correlation).toMatch(/^[0-9a-f-]{36}$/)
      expect([causation, answered]).toEqual([undefined, correlation])
    }
  })
})

test('who may keep an answer, and for whom, is told', async () => {
  const kept = { 'cache-control': 'no-cache', vary: 'accept, authorization' }
  answering = (_, response) => response.writeHead(200, kept).end('{}')
  expect(Object.fromEntries((await ask('/v1/reports/jobs/1')).headers)).toMatchObject(kept)
})

test('tells of what has not changed', async () => {
  answering = (_, response) => response.writeHead(304, { etag: '"1"' }).end()
  const same = await ask('/v1/reports/jobs/1', { headers: { 'if-none-match': '"1"' } })
  expect([same.status, same.headers.get('etag')]).toEqual([304, '"1"'])
})

test('what is encoded in a segment stays in it', async () => {
  await ask('/v1/reports/jobs/a%2F..%2Fb%3Fc/result.%252e')
  expect(asked).toEqual(['GET /v1/reports/jobs/a%2F..%2Fb%3Fc/result.%252e'])
})

test.each(['..', '.', '%2e%2e', '.%2E', '1/..', '1/%2e%2E'])('jobs/%s leads nowhere else', async (path) => {
  expect(await askRaw(`/v1/reports/jobs/${path}`)).toMatch(/^HTTP\/1\.1 400 [^]*"code":"invalid-parameter"/)
  expect(asked).toEqual([])
})

test.each(['', '/..'])('a target that names another server asks nobody: jobs/1%s', async (rest) => {
  const reached: string[] = []
  const inner = await listen(({ url = '' }, response) => {
    reached.push(url)
    response.end('secret')
  })
  const answer = await askRaw(`${originOf(inner)}/v1/reports/jobs/1${rest}`)
  expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*"code":"invalid-parameter"/)
  expect([reached, asked]).toEqual([[], []])
  inner.close()
})

test('who has no token, or one that is not ours, is not passed on', async () => {
  expect(await askRaw('/v1/reports/jobs/1', 'Bearer junk')).toMatch(/^HTTP\/1\.1 401 /)
  expect(asked).toEqual([])
})

test('an answer is passed on as it comes, and is cut where it was cut', async () => {
  answering = (_, response) => void response.writeHead(200, { 'content-type': 'text/csv' }).write('first')
  const answer = await ask('/v1/reports/jobs/1/result.csv')
  const reader = answer.body!.getReader()
  expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe('first')
  other.closeAllConnections()
  await expect(reader.read()).rejects.toThrow()
})

test('who leaves takes the question to the other API along', async () => {
  const left = new Promise<void>((resolve) => {
    answering = (_, response) => void response.once('close', resolve).write('first')
  })
  const asking = new AbortController()
  const answer = await ask('/v1/reports/jobs/1', { signal: asking.signal })
  await answer.body!.getReader().read()
  asking.abort()
  await left
})

test('an API that cannot be reached is 503 with Retry-After', async () => {
  other.closeAllConnections()
  other.close()
  const answer = await ask('/v1/reports/jobs/1')
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await answer.json()).toMatchObject({ code: 'unavailable' })
})
