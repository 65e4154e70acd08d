import pg from 'pg'
import { LOCKS, type Logger, reasonOf } from '#runtime'
import { type SnapshotStore, type StoredSnapshot } from './snapshot-store.js'

export interface PostgresSnapshotsOptions {
  /** Any database; the log's where there is one. */
  readonly url: string
  /** Schema of the table: of this Headwater's own, made when it is not there. */
  readonly schema: string
  readonly logger: Logger
  /** How long the database is waited for by what commands wait for, in ms. Default 2,000. */
  readonly load_ms?: number
}

/** Snapshots that one query loads at most. */
const LOADED_MAX = 32
const LOAD_MS = 2_000
const SAVE_MS_MAX = 30_000

/** Out: the table, also when another process makes it at the same time: whoever starts first does. Locks its making only. */
const TABLE_SQL = (schema: string): string => `
do $$ begin
  perform pg_advisory_xact_lock(${LOCKS.snapshotsTable});
  if to_regclass('${schema}.snapshots') is null then
    create schema if not exists ${schema};
    create table ${schema}.snapshots (
      stream text collate "C" not null,
      version integer not null,
      revision bigint not null,
      tip text not null,
      position bigint not null,
      state bytea not null,
      taken_at timestamptz not null default now(),
      primary key (stream, version)
    );
    alter table ${schema}.snapshots alter column state set storage external;
  end if;
end $$`

/** In: streams and versions. Out: the snapshot of each that has one. Locks nothing. */
const LOAD_SQL = (schema: string): string => `
select a.at, s.revision, s.tip, s.position, s.state
from unnest($1::text[], $2::integer[]) with ordinality as a(stream, version, at)
join ${schema}.snapshots s on s.stream = a.stream and s.version = a.version`

/**
 * In: stream, version, revision, tip, position, state. A newer one stays. Those before the version before go: that one is still read while
 * a new version is rolled out. Locks the rows of the stream.
 */
const SAVE_SQL = (schema: string): string => `
with outlived as (delete from ${schema}.snapshots where stream = $1 and version < $2::integer - 1)
insert into ${schema}.snapshots as s (stream, version, revision, tip, position, state) values ($1, $2, $3, $4, $5, $6)
on conflict (stream, version) do update
set revision = excluded.revision, tip = excluded.tip, position = excluded.position, state = excluded.state, taken_at = now()
where s.revision < excluded.revision`

/** In: stream, version, revision. Locks the row. */
const DISCARD_SQL = (schema: string): string =>
  `delete from ${schema}.snapshots where stream = $1 and version = $2 and revision = $3`

type Row = Omit<StoredSnapshot, 'revision' | 'position'> & {
  readonly at: string
  readonly revision: string
  readonly position: string
}

interface Asked {
  readonly stream: string
  readonly version: number
  resolve(snapshot: StoredSnapshot | undefined): void
  reject(error: unknown): void
}

/** Snapshots in a table. Two connections at most: one loads, what is asked for meanwhile is the next query; one saves. */
export function openPostgresSnapshots(options: PostgresSnapshotsOptions): SnapshotStore {
  const { schema, load_ms = LOAD_MS } = options
  if (!/^[a-z_]{1,40}$/.test(schema)) throw new RangeError(`schema "${schema}": 1-40 of [a-z_]`)
  const loading = poolOf(options, load_ms, load_ms)
  const saving = poolOf(options, load_ms, SAVE_MS_MAX)
  let asked: Asked[] = []
  let isLoading = false
  let made: Promise<unknown> | undefined
  const ready = async (): Promise<void> => {
    // Commands wait for it that wait for what is loaded.
    made ??= loading.query(TABLE_SQL(schema))
    try {
      await made
    } catch (error) {
      made = undefined
      throw error
    }
  }
  /** Somebody may have dropped the table, which is a safe thing to do: then it is made again. */
  const withTable = async <T>(use: () => Promise<T>): Promise<T> => {
    await ready()
    try {
      return await use()
    } catch (error) {
      if (!isDropped(error)) throw error
      made = undefined
      await ready()
      return use()
    }
  }
  const loadAsked = async (): Promise<void> => {
    isLoading = true
    while (asked.length > 0) {
      const some = asked.slice(0, LOADED_MAX)
      asked = asked.slice(LOADED_MAX)
      try {
        const values = [some.map(({ stream }) => stream), some.map(({ version }) => version)]
        const { rows } = await withTable(() => loading.query<Row>(LOAD_SQL(schema), values))
        const found = new Map(rows.map((row) => [Number(row.at) - 1, snapshotOf(row)]))
        for (const [at, { resolve }] of some.entries()) resolve(found.get(at))
      } catch (error) {
        // Those behind them, too: each batch would wait for the same database, and commands wait for the last one.
        for (const { reject } of [...some, ...asked.splice(0)]) reject(error)
      }
    }
    isLoading = false
  }
  return {
    load: async (stream, version) =>
      new Promise((resolve, reject) => {
        asked.push({ stream, version, resolve, reject })
        if (!isLoading) void loadAsked()
      }),
    save: async (stream, version, { revision, tip, position, state }) => {
      await withTable(() => saving.query(SAVE_SQL(schema), [stream, version, revision, tip, position, state]))
    },
    discard: async (stream, version, revision) => {
      await withTable(() => saving.query(DISCARD_SQL(schema), [stream, version, revision]))
    },
    close: async () => {
      await loading.end()
      await saving.end()
    },
  }
}

/** The table is not there, or not even its schema. */
function isDropped(error: unknown): boolean {
  return error instanceof pg.DatabaseError && ['42P01', '3F000'].includes(error.code ?? '')
}

function snapshotOf({ revision, tip, position, state }: Row): StoredSnapshot {
  return { revision: BigInt(revision), tip, position: BigInt(position), state }
}

function poolOf(
  { url, logger }: PostgresSnapshotsOptions,
  connectionTimeoutMillis: number,
  query_timeout: number,
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    application_name: 'headwater snapshots',
    connectionTimeoutMillis,
    query_timeout,
    idleTimeoutMillis: 30_000,
  })
  pool.on('error', (error) => logger.warn({ reason: reasonOf(error) }, 'a connection for snapshots broke'))
  return pool
}
