import { randomBytes, randomUUID } from 'node:crypto'
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql'
import pg from 'pg'
import { migrateLog } from '#event-store'
import { rounded } from '../support/report.js'
import { benchEvent, STREAMS } from './workload.js'

const RUN_MS = 4_000

/** @returns so many a second, of `attempt` called again and again by so many at a time. */
async function rateOf(inFlight: number, attempt: () => Promise<unknown>): Promise<number> {
  let count = 0
  const begin_ms = performance.now()
  const loop = async (): Promise<void> => {
    while (performance.now() - begin_ms < RUN_MS) {
      await attempt()
      count += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  return (count * 1_000) / (performance.now() - begin_ms)
}

/** Emmett's Postgres store, one event per append: the best of 1, 16 and 64 in flight. */
export async function emmettAppends(url: string): Promise<number> {
  const store = getPostgreSQLEventStore(url)
  try {
    let ordinal = 0
    const attempt = async (): Promise<void> => {
      ordinal += 1
      const { type, data } = benchEvent(ordinal)
      const stream = `account-${Math.floor(Math.random() * STREAMS)}`
      await store.appendToStream(stream, [{ type, data: data as Record<string, unknown> }]).catch((error: unknown) => {
        // Two appends to one stream at a time: its optimistic check; the other one goes through.
        if (!(error instanceof Error) || !/version/i.test(`${error.name} ${error.message}`)) throw error
      })
    }
    await attempt()
    return rounded(Math.max(await rateOf(1, attempt), await rateOf(16, attempt), await rateOf(64, attempt)))
  } finally {
    await store.close()
  }
}

/** Plain SQL: one INSERT of one event per commit into a table with a unique (stream, revision), from 1 and 16 connections. */
export async function insertAppends(url: string): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: 16 })
  try {
    await pool.query(`create table events (
      position bigint generated always as identity primary key, stream text collate "C" not null, revision bigint not null,
      id uuid not null, type text not null, version integer not null, time timestamptz not null default now(),
      data json not null, metadata json not null, unique (stream, revision))`)
    let ordinal = 0
    const attempt = async (): Promise<void> => {
      ordinal += 1
      const { id, type, version, data, metadata } = benchEvent(ordinal)
      await pool.query({
        name: 'insert',
        text: 'insert into events (stream, revision, id, type, version, data, metadata) values ($1, $2, $3, $4, $5, $6, $7)',
        values: [`account-${ordinal % STREAMS}`, Math.floor(ordinal / STREAMS), id, type, version, data, metadata],
      })
    }
    return rounded(Math.max(await rateOf(1, attempt), await rateOf(16, attempt)))
  } finally {
    await pool.end()
  }
}

const BATCH = 1_000

/** What Postgres can take: COPY of the same rows into the log's own table from one connection, rows made beforehand. */
export async function copyLimit(url: string): Promise<number> {
  await migrateLog(url)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const batches = Array.from({ length: 250 }, (_, index) => rowsOf(index))
    for (const rows of batches.slice(0, 50)) await copied(client, rows)
    const begin_ms = performance.now()
    for (const rows of batches.slice(50)) await copied(client, rows)
    return rounded(((batches.length - 50) * BATCH * 1_000) / (performance.now() - begin_ms))
  } finally {
    await client.end()
  }
}

const revisions = new Map<string, number>()

function rowsOf(batch: number): Buffer {
  const time = new Date().toISOString()
  const rows = Array.from({ length: BATCH }, (_, index) => {
    const position = batch * BATCH + index + 1
    const stream = `account-${Math.floor(Math.random() * STREAMS)}`
    const revision = (revisions.get(stream) ?? -1) + 1
    revisions.set(stream, revision)
    const { id, type, version, data } = benchEvent(position)
    const $command = { key: `${randomUUID()}-${position}`, hash: randomBytes(16).toString('base64url') }
    const metadata = { actor: 'bench', $command }
    return `${[position, stream, revision, id, type, version, time, JSON.stringify(data), JSON.stringify(metadata)].join('\t')}\n`
  })
  return Buffer.from(rows.join(''))
}

/** Through the same few bytes of protocol as the writer, so that the limit is not the driver's. */
async function copied(client: pg.Client, rows: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.query({
      submit: (connection: pg.Connection) => {
        const copy = connection as unknown as {
          query(sql: string): void
          sendCopyFromChunk(rows: Buffer): void
          endCopyFrom(): void
        }
        copy.query('copy log.events_1 (position, stream, revision, id, type, version, time, data, metadata) from stdin')
        copy.sendCopyFromChunk(rows)
        copy.endCopyFrom()
      },
      handleError: reject,
      handleReadyForQuery: () => resolve(),
      handleRowDescription: () => undefined,
      handleDataRow: () => undefined,
      handlePortalSuspended: () => undefined,
      handleCommandComplete: () => undefined,
      handleEmptyQuery: () => undefined,
      handleCopyInResponse: () => undefined,
    } as never)
  })
}
