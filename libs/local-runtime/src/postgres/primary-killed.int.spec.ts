import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { eventually, type TemporaryPostgres, temporaryPostgres } from '#testing'
import { postgresBinaries } from './binaries.js'
import { ensureDatabases } from './databases.js'
import { copyPrimary } from './replica.js'

const SECRETS = { superuser: 'a', log: 'b', read: 'c', redis: 'd' }

let primary: TemporaryPostgres
let admin: pg.Client
beforeEach(async () => {
  primary = await temporaryPostgres()
  admin = new pg.Client({ connectionString: primary.url('postgres') }).on('error', () => undefined)
  await admin.connect()
})
afterEach(async () => {
  await admin.end()
  await primary.drop()
})

/** Until another session waits for this. */
async function someoneWaits(forWhat: string): Promise<void> {
  await eventually(`someone waits for ${forWhat}`, async () => {
    // In a transaction the first look would count for all.
    await admin.query('select pg_stat_clear_snapshot()')
    const { rowCount } = await admin.query('select from pg_stat_activity where wait_event = $1', [forWhat])
    return rowCount === 1
  })
}

test('the primary is killed while its databases are made: that fails, and nothing else', async () => {
  await admin.query('begin; lock table pg_authid in share mode')
  const made = expect(ensureDatabases(primary.url('postgres'), SECRETS, [])).rejects.toThrow('terminated')
  await someoneWaits('relation')
  await primary.kill()
  await made
})

test('the primary is killed while it is copied: that fails, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-copy-'))
  const place = { bin: await postgresBinaries(undefined), owner: undefined }
  const from = { ...place, folder: join(primary.folder, 'data'), port: primary.port }
  const to = { ...place, folder: join(folder, 'data'), port: primary.port }
  try {
    const { rows } = await admin.query<{ pid: number }>(
      "select pid from pg_stat_activity where backend_type = 'checkpointer'",
    )
    // The copy begins with a checkpoint, which never comes.
    process.kill(rows[0]!.pid, 'SIGSTOP')
    const copied = expect(copyPrimary(from, to, primary.url('postgres'))).rejects.toThrow('terminated')
    await someoneWaits('CheckpointStart')
    await primary.kill()
    await copied
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
