import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { createMemoryStore, type EventStore } from '#event-store'
import { createAuthenticator, createHttpServer, ensureLocalKey, Health, issueToken, localJwksUrl } from '#runtime'
import { freePort, silentLogger } from '#testing'
import { EventTails } from './event-tails.js'
import { EventsController, STORE } from './events-controller.js'

let keys: string
let store: EventStore
let tails: EventTails
let port: number
let close: () => Promise<void>

beforeEach(async () => {
  keys = await mkdtemp(join(tmpdir(), 'headwater-keys-'))
  await ensureLocalKey(keys)
  store = createMemoryStore()
  tails = new EventTails()
  class Api {}
  const providers = [
    { provide: STORE, useValue: store },
    { provide: EventTails, useValue: tails },
  ]
  const server = await createHttpServer({
    module: { module: Api, controllers: [EventsController], providers },
    authenticator: await createAuthenticator({
      jwksUrl: localJwksUrl(keys),
      issuer: 'headwater',
      audience: 'headwater',
    }),
    ...{ health: new Health(), metrics: new Registry(), logger: silentLogger(), idle_ms_max: 200 },
  })
  port = await freePort()
  await server.listen(port, '127.0.0.1')
  close = () => server.close(0)
})
afterEach(async () => {
  await close()
  await rm(keys, { recursive: true, force: true })
})

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

test('a tail may be as quiet as the log, and ends whole before a planned stop', async () => {
  await append()
  const token = await issueToken(keys, { role: 'operator', ttl_s: 600 })
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`http://127.0.0.1:${port}/v1/events?from=1`, { headers })
  const reader = answer.body!.getReader()
  const next = async (): Promise<unknown> => {
    const piece = await reader.read()
    return piece.done ? 'the end' : (JSON.parse(Buffer.from(piece.value as Uint8Array).toString()) as unknown)
  }
  expect(await next()).toMatchObject({ position: '1', type: 'Lit' })
  const idle = connect(port, '127.0.0.1')
  idle.write('GET /v1/events HTTP/1.1\r\nhost')
  await once(idle.resume(), 'close')
  await append()
  expect(await next()).toMatchObject({ position: '2' })
  tails.end()
  expect(await next()).toBe('the end')
})
