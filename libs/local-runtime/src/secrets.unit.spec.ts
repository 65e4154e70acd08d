import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureLocalKey, issueToken } from '#runtime'
import { type DataLayout, dataLayout } from './layout.js'
import { ensureSecrets } from './secrets.js'

let layout: DataLayout
beforeEach(async () => {
  layout = dataLayout(await mkdtemp(join(tmpdir(), 'headwater-secrets-')))
})
afterEach(() => rm(layout.root, { recursive: true, force: true }))

const ensured = (): ReturnType<typeof ensureSecrets> => ensureSecrets(layout, () => undefined)
const parsed = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(join(layout.keys, name), 'utf8')) as unknown

test('all who start a data folder for the first time at the same time get the same passwords', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, ensured))
  const kept = await parsed('servers.json')
  for (const each of all) expect(each).toEqual(kept)
  expect(await readdir(layout.keys)).toEqual(['servers.json'])
  expect((await stat(join(layout.keys, 'servers.json'))).mode & 0o777).toBe(0o600)
})

test('and the same signing key, whose public part is that of the private one', async () => {
  await Promise.all(Array.from({ length: 8 }, () => ensureLocalKey(layout.keys)))
  const { kid, x } = (await parsed('jwt.private.json')) as Record<string, unknown>
  const { keys } = (await parsed('jwks.json')) as { keys: Record<string, unknown>[] }
  expect(keys).toEqual([{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x }])
})

test.each(['nothing', ''])('a start that left %j in the place of the public part is taken up there', async (left) => {
  await ensureLocalKey(layout.keys)
  const before = await parsed('jwks.json')
  await rm(join(layout.keys, 'jwks.json'))
  if (left === '') await writeFile(join(layout.keys, 'jwks.json'), left)
  await ensureLocalKey(layout.keys)
  expect(await parsed('jwks.json')).toEqual(before)
})

test('a file that holds none is named', async () => {
  await mkdir(layout.keys)
  for (const name of ['servers.json', 'jwt.private.json']) await writeFile(join(layout.keys, name), '')
  await expect(ensured()).rejects.toThrow(`${join(layout.keys, 'servers.json')} cannot be read`)
  await expect(ensureLocalKey(layout.keys)).rejects.toThrow(`${join(layout.keys, 'jwt.private.json')} cannot be read`)
  await expect(issueToken(layout.keys, { role: 'reader', ttl_s: 60 })).rejects.toThrow(
    'jwt.private.json cannot be read',
  )
})
