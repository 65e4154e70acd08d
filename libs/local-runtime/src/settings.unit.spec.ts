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

/** The rows that the README and the guide have of settings, in the order of both: names and default. */
async function listed(): Promise<readonly { readonly names: readonly string[]; readonly unset: string }[]> {
  const read = (name: string): Promise<string> => readFile(join(__dirname, '../../..', name), 'utf8')
  const [, section = ''] = /\n## Settings\n([^]*?)\n## /.exec(await read('README.md')) ?? []
  const tables = section + (await read('docs/guides/settings.md'))
  return [...tables.matchAll(/^\| (`[A-Z].*?) \| (.*?) \|/gm)].map(([, names = '', unset = '']) => ({
    names: [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name),
    unset,
  }))
}

test('every setting is listed once, in the README or the guide, and nothing else is looked at before anything starts', async () => {
  const names = (await listed()).flatMap((row) => row.names)
  expect([...names].sort()).toEqual(Object.keys(localSettings).sort())
})

test('what holds without a setting is what the list says', async () => {
  const rows = await listed()
  const wrong = Object.entries(localSettings).filter(([name, { fallback }]) => {
    const value = String(fallback?.value ?? '')
    return (
      value !== '' &&
      rows
        .find(({ names }) => names.includes(name))
        ?.unset.replaceAll('`', '')
        .split(' ')[0] !== value
    )
  })
  expect(wrong.map(([name]) => name)).toEqual([])
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
