import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { eventually, type TemporaryPostgres, temporaryPostgres } from '#testing'
import { removeIfLost } from './slots.js'

const SLOT = 'headwater_replica'

let primary: TemporaryPostgres
let admin: pg.Client
let replica: string

beforeAll(async () => {
  primary = await temporaryPostgres({ max_slot_wal_keep_size: '16MB' })
  admin = new pg.Client({ connectionString: primary.url('postgres') })
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await primary.drop()
})
beforeEach(async () => {
  replica = await mkdtemp(join(tmpdir(), 'headwater-replica-'))
  await mkdir(join(replica, 'global'))
})
afterEach(() => rm(replica, { recursive: true, force: true }))

const control = join('global', 'pg_control')
const remove = (): Promise<void> => removeIfLost(primary.url('postgres'), SLOT, replica)
async function state(): Promise<string | undefined> {
  const { rows } = await admin.query<{ wal_status: string }>('select wal_status from pg_replication_slots')
  return rows[0]?.wal_status
}
async function loseSlot(): Promise<void> {
  await admin.query('select pg_create_physical_replication_slot($1, true)', [SLOT])
  await eventually('the slot is lost', async () => {
    await admin.query("select pg_logical_emit_message(false, 'test', repeat('x', 40000000))")
    await admin.query('checkpoint')
    return (await state()) === 'lost'
  })
}

test('a replica is removed when its slot is lost, and no other cluster ever is', async () => {
  const own = await readFile(join(primary.folder, 'data', control))
  await writeFile(join(replica, control), own)
  await remove()
  expect([existsSync(replica), await state()]).toEqual([true, undefined])
  await loseSlot()
  const other = Buffer.from(own)
  other.writeUInt8(other.readUInt8(0) ^ 1)
  await writeFile(join(replica, control), other)
  await remove()
  expect([existsSync(replica), await state()]).toEqual([true, 'lost'])
  await writeFile(join(replica, control), own)
  await remove()
  expect([existsSync(replica), await state()]).toEqual([false, 'reserved'])
})
