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
