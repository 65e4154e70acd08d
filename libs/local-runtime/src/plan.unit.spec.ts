import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { parseConfig } from '#runtime'
import { localPlan, localSettings } from './plan.js'
import { type Component } from './process/component.js'

let folder: string
const before = { ...process.env }
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-plan-'))
})
afterEach(async () => {
  process.env = { ...before }
  await rm(folder, { recursive: true, force: true })
})

async function planned(env: Readonly<Record<string, string>> = {}): Promise<readonly Component[]> {
  return (await localPlan(parseConfig(localSettings, { HEADWATER_DATA: folder, ...env }))).components
}

test('the embedded servers are spoken to without TLS, whatever the shell asks of others', async () => {
  process.env['PGSSLMODE'] = 'require'
  const env = (await planned()).find(({ role }) => role === 'query-api')?.launch().env ?? {}
  for (const name of ['EVENT_STORE_URL', 'PRIMARY_URL', 'REPLICA_URLS'])
    expect(new pg.Client({ connectionString: env[name] }).ssl).toBe(false)
})

test.each([
  { LIVE_SOCKETS_PER_SUBJECT: 'many' },
  { QUERY_EXPORTS: '0' },
  { HEADWATER_LEASE_MS: '1' },
  { HEADWATER_DRAIN_MS: '600001' },
  { EVENT_STORE_POOL: 'x' },
])('a mistake in what one role reads is told before anything is started: %j', (given) => {
  const [name = '', value = ''] = Object.entries(given)[0] ?? []
  expect(() => parseConfig(localSettings, given)).toThrow(`${name}=${value} is wrong`)
})

test('a role is not killed before the time is over that it may take to stop', async () => {
  const stops = async (env = {}): Promise<unknown[]> => [
    ...new Set((await planned(env)).filter(({ url }) => url.startsWith('http')).map(({ stop_ms }) => stop_ms)),
  ]
  expect(await stops()).toEqual([20_000])
  expect(await stops({ HEADWATER_DRAIN_MS: '600000' })).toEqual([605_000])
})
