import { createHash } from 'node:crypto'
import { postgresWriter, type ScratchDatabase, scratchDatabase } from '#testing'
import { all, mustAppend, newRequest } from '../contract/requests.js'
import { NameFilter } from './names/name-filter.js'
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
  const rows = Array.from({ length: events }, (_, at) => {
    const stream = `thing-${at % 3}`
    return {
      position: at + 1,
      stream,
      revision: Math.floor(at / 3),
      metadata: { $command: { key: `k${at}`, hash: `h${at}` } },
      names: [uuid('command', stream, `k${at}`), uuid('claim', stream, `c${at}`)],
    }
  })
  await database.query(
    `with old as (
       select * from json_to_recordset($1) as e(position bigint, stream text, revision bigint, metadata json, names uuid[])
     ), appended as (
       insert into log.events
       select position, stream, revision, gen_random_uuid(), 'ThingHappened', 1, '2026-01-01', '{"old": true}', metadata from old
     )
     insert into log.keys select name, position from old, unnest(names) as name`,
    [JSON.stringify(rows)],
  )
}

/** The same log, brought to version 2. */
async function version2(events: number): Promise<void> {
  await version1(events)
  await migrateLog(database.url, 2)
}

/** The same log in version 3, the names of its first events in a sealed run as that version wrote it: each block of it, 16 bits a name. */
async function version3(events: number, sealed: number): Promise<void> {
  await version2(events)
  await migrateLog(database.url, 3)
  const recent = await database.query<{ names: Buffer }>('select names from log.recent_names order by position')
  const all = Buffer.concat(recent.map(({ names }) => names))
  const blocks = Array.from({ length: 1_024 }, (): Buffer[] => [])
  const later: Buffer[] = []
  const filter = NameFilter.from(new Uint8Array((512 * 16) / 8))
  for (let at = 0; at < all.length; at += 24) {
    const entry = all.subarray(at, at + 24)
    if (entry.readBigInt64BE(16) > BigInt(sealed)) later.push(entry)
    else {
      blocks[entry.readUInt32BE(0) >>> 22]?.push(entry)
      filter.add(entry)
    }
  }
  await database.query(
    'insert into log.name_blocks (run, bucket, entries) select $1, n - 1, entries from unnest($2::bytea[]) with ordinality as b(entries, n)',
    [sealed, blocks.map((entries) => Buffer.concat(entries))],
  )
  await database.query('insert into log.name_runs (last_position, filter) values ($1, $2)', [
    sealed,
    Buffer.from(filter.bits),
  ])
  await database.query('delete from log.recent_names')
  const insert = 'insert into log.recent_names (after, position, names) values ($1, $2, $3)'
  await database.query(insert, [sealed - 1, sealed, Buffer.alloc(0)])
  if (events > sealed) await database.query(insert, [sealed, events, Buffer.concat(later)])
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

test.each([
  [1, 1],
  [30, 17],
  [30, 30],
])(
  'a log of version 3 with %i events, %i of them in a sealed run, goes on in the current version',
  async (events, sealed) => {
    await version3(events, sealed)
    await checkGoesOn(events)
    expect(await database.query('select level, last_position from log.name_runs')).toEqual([
      { level: 0, last_position: String(sealed) },
    ])
  },
)

test('a writer of version 3 cannot read the names of the current version, and so cannot lead without them', async () => {
  await migrateLog(database.url)
  await expect(database.query('select last_position, filter from log.name_runs')).rejects.toThrow('filter')
})

test.each([0, 1, 2, 3])(
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
