import { defaultPostgreSQLOptions, getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql'
import { testPool } from '#testing'
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
  // As large as its own would be.
  const pool = testPool(url)
  const store = getPostgreSQLEventStore(url, { ...defaultPostgreSQLOptions, connectionOptions: { pool } })
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
    await pool.end()
  }
}

/** Plain SQL: one INSERT of one event per commit into a table with a unique (stream, revision), from 1 and 16 connections. */
export async function insertAppends(url: string): Promise<number> {
  const pool = testPool(url, 16)
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
