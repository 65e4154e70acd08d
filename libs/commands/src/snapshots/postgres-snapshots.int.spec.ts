import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { LOCKS } from '#runtime'
import { eventually, type ScratchDatabase, scratchDatabase, silentLogger } from '#testing'
import { describeSnapshotStore } from './contract.js'
import { openPostgresSnapshots } from './postgres-snapshots.js'

/** As patient as a slow machine needs. */
const open = ({ url }: ScratchDatabase, schema = 'log', load_ms = 60_000) =>
  openPostgresSnapshots({ url, schema, logger: silentLogger(), load_ms })

describeSnapshotStore('postgres', async () => {
  const database = await scratchDatabase()
  const store = open(database)
  return {
    store,
    close: async () => {
      await store.close()
      await database.drop()
    },
  }
})

test('processes that start at one time make the table once, in the schema that they are told', async () => {
  const database = await scratchDatabase()
  const stores = Array.from({ length: 4 }, () => open(database, 'headwater'))
  try {
    expect(await Promise.all(stores.map((each) => each.load('thing-1', 1)))).toEqual(stores.map(() => undefined))
    const tables = await database.query(
      `select 1 from pg_tables where schemaname = 'headwater' and tablename = 'snapshots'`,
    )
    expect(tables).toHaveLength(1)
  } finally {
    await Promise.all(stores.map((each) => each.close()))
    await database.drop()
  }
})

/** Lends a store whose table cannot be made, until it is told so. */
async function whileBlocked(use: (store: ReturnType<typeof open>, unblock: () => Promise<unknown>) => Promise<void>) {
  const database = await scratchDatabase()
  const store = open(database, 'log', 300)
  const blocker = new pg.Client({ connectionString: database.url })
  await blocker.connect()
  try {
    await blocker.query('select pg_advisory_lock($1)', [LOCKS.snapshotsTable])
    await use(store, () => blocker.query('select pg_advisory_unlock($1)', [LOCKS.snapshotsTable]))
    expect(await eventually('it is used again', async () => [await store.load('thing-1', 1)])).toEqual([undefined])
  } finally {
    await blocker.end()
    await store.close()
    await database.drop()
  }
}

test('nobody waits long for a table that cannot be made', () =>
  whileBlocked(async (store, unblock) => {
    await expect(store.load('thing-1', 1)).rejects.toThrow('timeout')
    await unblock()
  }))

test('of many that are asked for nobody waits for a database in turn: the first failure is that of all', () =>
  whileBlocked(async (store, unblock) => {
    const loads = Array.from({ length: 200 }, (_, at) => store.load(`thing-${at}`, 1))
    const ended = Promise.allSettled(loads)
    await expect(loads[0]).rejects.toThrow('timeout')
    await unblock()
    expect(new Set((await ended).map(({ status }) => status))).toEqual(new Set(['rejected']))
  }))

test('a database that goes away fails what is asked, and is used again when it is back', async () => {
  const database = await scratchDatabase()
  const store = open(database)
  const snapshot = { revision: 1n, tip: randomUUID(), position: 2n, state: Buffer.from('x') }
  try {
    await store.save('thing-1', 1, snapshot)
    await database.query('alter table log.snapshots rename tip to elsewhere')
    await expect(store.load('thing-1', 1)).rejects.toThrow('does not exist')
    await database.query('alter table log.snapshots rename elsewhere to tip')
    expect(await store.load('thing-1', 1)).toEqual(snapshot)
  } finally {
    await store.close()
    await database.drop()
  }
})

test.each(['table log.snapshots', 'schema log cascade'])(
  'after "drop %s" it is made again by who runs',
  async (what) => {
    const database = await scratchDatabase()
    const store = open(database)
    const snapshot = { revision: 1n, tip: randomUUID(), position: 2n, state: Buffer.from('x') }
    try {
      await store.save('thing-1', 1, snapshot)
      await database.query(`drop ${what}`)
      expect(await store.load('thing-1', 1)).toBeUndefined()
      await database.query(`drop ${what}`)
      await store.save('thing-1', 1, snapshot)
      expect(await store.load('thing-1', 1)).toEqual(snapshot)
    } finally {
      await store.close()
      await database.drop()
    }
  },
)
