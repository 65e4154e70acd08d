import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, parseConfig } from '#runtime'
import { localPlan, localSettings } from './plan.js'

const SERVERS = {
  EVENT_STORE_URL: 'postgres://127.0.0.1:1/log',
  PRIMARY_URL: 'postgres://127.0.0.1:1/read',
  REDIS_URL: 'redis://127.0.0.1:1',
}

function mistakesOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    parseConfig(localSettings, environment)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes.map(({ name }) => name)
    throw error
  }
}

test('every setting that the README lists is looked at before anything starts', async () => {
  const readme = await readFile(join(__dirname, '../../../README.md'), 'utf8')
  const [, section = ''] = /\n## Settings\n([^]*?)\n## /.exec(readme) ?? []
  const listed = [...section.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name),
  )
  expect(listed).toContain('CACHE_MIB')
  expect(listed.filter((name) => !(name in localSettings))).toEqual([])
})

test.each(['0', '-1', '1.5', 'much', '1048577'])('a cache of %s MiB is a mistake', (size) => {
  expect(mistakesOf({ CACHE_MIB: size })).toEqual(['CACHE_MIB'])
})

test('every role is told the size of the cache that was set, or the usual one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-settings-'))
  const sizes: (string | undefined)[] = []
  for (const given of [{}, { CACHE_MIB: '64' }]) {
    const { components } = await localPlan(parseConfig(localSettings, { ...SERVERS, ...given, HEADWATER_DATA: folder }))
    sizes.push(components.find(({ role }) => role === 'projector')?.launch().env['CACHE_MIB'])
  }
  expect(sizes).toEqual(['256', '64'])
  await rm(folder, { recursive: true, force: true })
})
