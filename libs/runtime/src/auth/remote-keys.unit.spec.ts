import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Authenticator, createAuthenticator } from './authenticator.js'
import { ensureLocalKey, issueToken } from './local-key.js'

const MINUTE_MS = 60_000
const UNAVAILABLE = { code: 'unavailable', status: 503, headers: { 'retry-after': '5' } }
const UNAUTHORIZED = { code: 'unauthorized', status: 401 }

const folders: string[] = []
let keys: string
let token: string
let answering: RequestListener
let provider: Server
let authenticator: Authenticator

async function newKey(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-keys-'))
  folders.push(folder)
  await ensureLocalKey(folder)
  return folder
}
const issued = (folder: string): Promise<string> => issueToken(folder, { role: 'reader', ttl_s: 600 })

/** What the provider answers from now on. */
const answer = (status: number, body: string): void => {
  answering = (_, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}
const serveKeys = async (folder: string): Promise<void> =>
  answer(200, await readFile(join(folder, 'jwks.json'), 'utf8'))
/** Of the key set, not of the token: jose takes the token's time elsewhere. */
const later = (ms: number): void => {
  const now_ms = Date.now() + ms
  jest.spyOn(Date, 'now').mockReturnValue(now_ms)
}

beforeAll(async () => {
  keys = await newKey()
  token = await issued(keys)
})
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

beforeEach(async () => {
  await serveKeys(keys)
  provider = createServer((request, response) => answering(request, response)).listen(0, '127.0.0.1')
  await once(provider, 'listening')
  const { port } = provider.address() as AddressInfo
  const jwksUrl = `http://127.0.0.1:${port}/jwks.json`
  authenticator = await createAuthenticator({ jwksUrl, issuer: 'headwater', audience: 'headwater', aggregates: [] })
})
afterEach(async () => {
  jest.restoreAllMocks()
  await down()
})

async function down(): Promise<void> {
  if (!provider.listening) return
  provider.close()
  provider.closeAllConnections()
  await once(provider, 'close')
}

const BREAKS: readonly (readonly [how: string, breaks: () => unknown])[] = [
  ['is down', down],
  ['answers 500', () => answer(500, '{}')],
  ['leads elsewhere', () => answer(302, '')],
  ['answers no JSON', () => answer(200, '<html>')],
  ['answers no key set', () => answer(200, '{}')],
  ['hangs up', () => (answering = (request) => request.socket.destroy())],
]

test.each(BREAKS)('nobody is told that a token is bad when the provider %s', async (_, breaks) => {
  await breaks()
  await expect(authenticator.verify(token)).rejects.toMatchObject(UNAVAILABLE)
})

test.each(BREAKS)('the last keys count when the provider %s', async (_, breaks) => {
  await authenticator.verify(token)
  await breaks()
  later(11 * MINUTE_MS)
  await expect(authenticator.verify(token)).resolves.toMatchObject({ subject: 'local-reader' })
  // A key that came since cannot be told from one that never was.
  await expect(authenticator.verify(await issued(await newKey()))).rejects.toMatchObject(UNAVAILABLE)
  later(24 * 60 * MINUTE_MS)
  await expect(authenticator.verify(token)).rejects.toMatchObject(UNAVAILABLE)
})

test('a provider that is back is asked again, and a key that it has taken away is good no longer', async () => {
  await authenticator.verify(token)
  answer(500, '{}')
  later(11 * MINUTE_MS)
  await authenticator.verify(token)
  const fresh = await newKey()
  await serveKeys(fresh)
  later(MINUTE_MS)
  await expect(authenticator.verify(token)).rejects.toMatchObject(UNAUTHORIZED)
  await expect(authenticator.verify(await issued(fresh))).resolves.toMatchObject({ subject: 'local-reader' })
})

test('while the provider fails it is not asked for each request', async () => {
  let asked = 0
  answering = (_, response) => {
    asked += 1
    response.writeHead(500).end()
  }
  for (let at = 0; at < 3; at += 1) await expect(authenticator.verify(token)).rejects.toMatchObject(UNAVAILABLE)
  expect(asked).toBe(1)
})

test('a key that the provider does not have is a bad token', async () => {
  await expect(authenticator.verify(await issued(await newKey()))).rejects.toMatchObject(UNAUTHORIZED)
})
