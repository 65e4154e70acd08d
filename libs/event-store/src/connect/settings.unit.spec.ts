import { ConfigError, parseConfig, withoutCredentials } from '#runtime'
import { eventStoreSettings } from './settings.js'

const parse = (env: Record<string, string>) => parseConfig(eventStoreSettings, env)

/** Names of the settings that are wrong. */
function mistakes(env: Record<string, string>): readonly string[] {
  try {
    parse(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes.map(({ name }) => name)
    throw error
  }
}

const POSTGRES = {
  EVENT_STORE_URL: 'postgres://log',
  HEADWATER_WRITER: 'a:1',
  HEADWATER_IDENTITY: 'i',
  HEADWATER_ALLOW_LIST: 'l',
}
const CLUSTER = 'esdb://admin:secret@a:2111,b:2112,c:2113?tls=false'

test('on Postgres the writer and its link must be known, and it is the default', () => {
  expect(mistakes({})).toEqual(['EVENT_STORE_URL', 'HEADWATER_WRITER', 'HEADWATER_IDENTITY', 'HEADWATER_ALLOW_LIST'])
  expect(parse(POSTGRES)).toMatchObject({
    EVENT_STORE: 'postgres',
    PRIMARY_URL: undefined,
    EVENT_STORE_PREFIX: undefined,
  })
})

test('on EventStoreDB the cluster and the database of names must be known, and nothing of a writer', () => {
  expect(mistakes({ EVENT_STORE: 'eventstoredb' })).toEqual(['EVENT_STORE_URL', 'PRIMARY_URL'])
  const config = parse({ EVENT_STORE: 'eventstoredb', EVENT_STORE_URL: CLUSTER, PRIMARY_URL: 'postgres://read' })
  expect(config).toMatchObject({ EVENT_STORE_URL: CLUSTER, EVENT_STORE_PREFIX: '', HEADWATER_WRITER: undefined })
})

test.each(['esdb://a:2113', 'esdb+discover://cluster.example.org?tls=true', CLUSTER, 'esdb://a,b/?tls=false'])(
  '%s is a cluster',
  (url) => {
    expect(mistakes({ EVENT_STORE: 'eventstoredb', EVENT_STORE_URL: url, PRIMARY_URL: 'postgres://read' })).toEqual([])
  },
)

test.each(['postgres://log', 'esdb://', 'esdb://a:b', 'a:2113', 'esdb://a b', 'esdb://a:1,,b:2'])(
  '%s is none',
  (url) => {
    const env = { EVENT_STORE: 'eventstoredb', EVENT_STORE_URL: url, PRIMARY_URL: 'postgres://read' }
    expect(mistakes(env)).toEqual(['EVENT_STORE_URL'])
  },
)

test('a prefix that does not tell systems apart is refused with the rule and where to read on', () => {
  const env = { EVENT_STORE: 'eventstoredb', EVENT_STORE_URL: CLUSTER, PRIMARY_URL: 'postgres://read' }
  expect(parse({ ...env, EVENT_STORE_PREFIX: 'staging.' })).toMatchObject({ EVENT_STORE_PREFIX: 'staging.' })
  expect(() => parse({ ...env, EVENT_STORE_PREFIX: 'staging_' })).toThrow(/end with a full stop.*eventstoredb\.md/)
  // On another store it is not looked at.
  expect(mistakes({ ...POSTGRES, EVENT_STORE_PREFIX: 'staging_' })).toEqual([])
})

test('a log in memory is refused with the reason, and so is a word that is no store', () => {
  expect(() => parse({ EVENT_STORE: 'memory' })).toThrow('a log for one process')
  expect(mistakes({ EVENT_STORE: 'memory' })).toEqual(['EVENT_STORE'])
  expect(mistakes({ EVENT_STORE: 'mysql' })).toEqual(['EVENT_STORE'])
})

test('credentials of a cluster are never shown', () => {
  expect(withoutCredentials(CLUSTER)).toBe('esdb://a:2111,b:2112,c:2113?tls=false')
  let told = ''
  try {
    parse({ EVENT_STORE: 'eventstoredb', EVENT_STORE_URL: 'esdb://admin:secret@a:b' })
  } catch (error) {
    told = String(error)
  }
  expect(told).toContain('EVENT_STORE_URL')
  expect(told).not.toContain('secret')
})
