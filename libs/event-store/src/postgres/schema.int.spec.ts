import { createHash, randomUUID } from 'node:crypto'
import { postgresWriter, type ScratchDatabase, scratchDatabase } from '#testing'
import { all, mustAppend, newRequest } from '../contract/requests.js'
import { LOG_VERSION, migrateLog } from './schema.js'

let database: ScratchDatabase
beforeEach(async () => {
  database = await scratchDatabase()
})
afterEach(() => database.drop())

/** A log of version 1: events of three streams, each with its key and a claim, as that version wrote them. */
async function version1(events: number): Promise<void> {
  await migrateLog(database.url, 1)
  const uuid = (kind: string, stream: string, name: string): string =>
    createHash('sha256').update(`${kind}\0${stream}\0${name}`).digest('hex').slice(0, 32)
  for (let at = 0; at < events; at += 1) {
    const stream = `thing-${at % 3}`
    const metadata = { $command: { key: `k${at}`, hash: `h${at}` } }
    await database.query(
      `insert into log.events values ($1, $2, $3, $4, 'ThingHappened', 1, '2026-01-01', '{"old": true}', $5)`,
      [at + 1, stream, Math.floor(at / 3), randomUUID(), metadata],
    )
    await database.query('insert into log.keys values ($1, $3), ($2, $3)', [
      uuid('command', stream, `k${at}`),
      uuid('claim', stream, `c${at}`),
      at + 1,
    ])
  }
}

/** The same log, brought to version 2. */
async function version2(events: number): Promise<void> {
  await version1(events)
  await migrateLog(database.url, 2)
}

async function checkGoesOn(events: number): Promise<void> {
  const writer = await postgresWriter(database)
  try {
    await writer.leads()
    const { store } = writer
    expect(await all(store.readAll())).toHaveLength(events)
    for (let at = 0; at < events; at += 1) {
      const stream = `thing-${at % 3}`
      const place = { stream, revision: BigInt(Math.floor(at / 3)), position: BigInt(at + 1) }
      const commandId = { stream, key: `k${at}` }
      expect(await store.recall(commandId)).toEqual({ ...place, requestHash: `h${at}` })
      const again = { ...newRequest(stream), commandId, requestHash: `h${at}` }
      expect(await store.append(again)).toEqual({ outcome: 'replayed', ...place })
      const claims = [{ stream, name: `c${at}` }]
      expect(await store.append(newRequest(stream, { claims }))).toMatchObject({ outcome: 'claimed', place })
    }
    const { position, revision } = await mustAppend(store, newRequest('thing-0'))
    expect({ position, revision }).toEqual({ position: BigInt(events + 1), revision: BigInt(Math.ceil(events / 3)) })
  } finally {
    await writer.close()
  }
}

const COUNTS = [0, 1, 30]

test.each(COUNTS)('a log of version 1 with %i events goes on in the current version', async (events) => {
  await version1(events)
  // A log from before versions were written down looks like this.
  await database.query('drop table log.versions')
  await checkGoesOn(events)
})

test.each(COUNTS)('a log of version 2 with %i events goes on in the current version', async (events) => {
  await version2(events)
  await checkGoesOn(events)
})

test.each([0, 1, 2])(
  'many that migrate a log of version %i at one time: each version is applied once',
  async (from) => {
    if (from > 0) await version1(5)
    if (from > 1) await migrateLog(database.url, from)
    await Promise.all(Array.from({ length: 8 }, () => migrateLog(database.url)))
    const rows = await database.query<{ version: number }>('select version from log.versions order by version')
    expect(rows.map(({ version }) => version)).toEqual(Array.from({ length: LOG_VERSION }, (_, at) => at + 1))
    expect(await database.query('select 1 from log.events')).toHaveLength(from > 0 ? 5 : 0)
  },
)

test('a migration that fails leaves the version before as it was, and can be tried again', async () => {
  await version2(4)
  await database.query('create table log.archived_streams (in_the_way integer)')
  await expect(migrateLog(database.url)).rejects.toThrow('archived_streams')
  expect(await database.query('select max(version) as version from log.versions')).toEqual([{ version: 2 }])
  expect(await database.query("select 1 where to_regclass('log.archives') is not null")).toEqual([])
  await database.query('drop table log.archived_streams')
  await checkGoesOn(4)
})

test('a migrated log is migrated once, and one of a newer Headwater is refused', async () => {
  await migrateLog(database.url)
  await migrateLog(database.url)
  expect(await database.query('select version from log.versions')).toHaveLength(LOG_VERSION)
  await database.query('insert into log.versions (version) values (99)')
  await expect(migrateLog(database.url)).rejects.toThrow('schema version 99')
})
