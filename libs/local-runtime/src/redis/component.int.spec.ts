import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { temporaryRedis } from '#testing'
import { embeddedRedis } from './component.js'

test.each([
  ['a space', 'a b'],
  ['quotes', `a "b' c`],
  ['a backslash', 'a\\nb\\'],
  ['more than one line', 'a\nb'],
])('its data lies in its folder also when there is %s in the path', async (_, name) => {
  const parent = await mkdtemp(join(tmpdir(), 'headwater-redis-'))
  const folder = join(parent, name)
  try {
    const server = await temporaryRedis(folder)
    const client = createClient({ url: server.url })
    try {
      await client.connect()
      expect(await client.configGet('dir')).toEqual({ dir: folder })
      expect(await readdir(folder)).toContain('appendonlydir')
    } finally {
      client.destroy()
      await server.drop()
    }
  } finally {
    await rm(parent, { recursive: true, force: true })
  }
})

test('one that hangs is not ready, whether or not it was connected to before, and is again when it goes on', async () => {
  const server = await temporaryRedis()
  try {
    const { port, password } = new URL(server.url)
    const { check } = embeddedRedis('not-its-folder', Number(port), password).component
    expect(await check()).toEqual({ reason: undefined })
    server.pause()
    for (const when of ['connected', 'not connected']) {
      const { reason } = await check()
      expect([when, reason]).toEqual([when, expect.any(String)])
    }
    server.resume()
    expect(await check()).toEqual({ reason: undefined })
  } finally {
    await server.drop()
  }
})
