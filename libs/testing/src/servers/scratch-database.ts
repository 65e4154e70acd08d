import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { withClient } from '#runtime'
import { testServers } from './test-servers.js'

export interface ScratchDatabase {
  readonly name: string
  readonly url: string
  /** One statement on a connection of its own, for looking at and meddling with what is tested. */
  query<R extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]>
  /** Ends every connection to it, whoever holds it, and drops it. */
  drop(): Promise<void>
}

/** An empty database of the test's own in the primary that `npm test` has started. @throws Error without such a system. */
export async function scratchDatabase(): Promise<ScratchDatabase> {
  const { postgresUrl } = await testServers()
  const name = `scratch_${randomUUID().replaceAll('-', '')}`
  const url = postgresUrl(name)
  await run(postgresUrl('postgres'), `create database ${name}`)
  return {
    name,
    url,
    query: (sql, values) => run(url, sql, values),
    drop: async () => {
      await run(postgresUrl('postgres'), `drop database if exists ${name} with (force)`)
    },
  }
}

async function run<R extends pg.QueryResultRow>(url: string, sql: string, values: readonly unknown[] = []) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'test' })
  return withClient(client, async () => (await client.query<R>(sql, [...values])).rows)
}
