import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { ensureLocalKey } from '#runtime'
import { token } from './token.js'

let data: string
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'headwater-token-'))
  await ensureLocalKey(join(data, 'keys'))
})
afterAll(() => rm(data, { recursive: true, force: true }))

const { HEADWATER_DATA } = process.env
beforeEach(() => {
  process.env['HEADWATER_DATA'] = data
})
afterEach(() => {
  jest.restoreAllMocks()
  if (HEADWATER_DATA === undefined) delete process.env['HEADWATER_DATA']
  else process.env['HEADWATER_DATA'] = HEADWATER_DATA
})

async function claims(options: Parameters<typeof token>[0]): Promise<unknown> {
  const printed: unknown[] = []
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(text) > 0)
  await token(options)
  expect(printed).toHaveLength(1)
  return decodeJwt(String(printed[0]).trim())
}

test('without options a token allows everything', async () => {
  expect(await claims({ ttl: '60' })).toMatchObject({ scope: 'read write operate' })
  expect(await claims({ ttl: '60' })).not.toHaveProperty('books')
})

test('a token for some books is no operator: it reads and writes these', async () => {
  expect(await claims({ books: 'a, b', ttl: '60' })).toMatchObject({ scope: 'read write', books: ['a', 'b'] })
  expect(await claims({ books: 'a', role: 'reader', ttl: '60' })).toMatchObject({ scope: 'read', books: ['a'] })
})
