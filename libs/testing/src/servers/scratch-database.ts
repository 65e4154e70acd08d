import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { withClient } from '#runtime'
import { testServers } from './test-servers.js'

export interface ScratchDatabase {
  readonly name: string
  readonly url: string
  /** One statement, for looking at and meddling with what is tested: on whichever connection of the test's own has nothing to do. */
  query<R extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]>
  /** Ends every connection to it, whoever holds it, and drops it. */
  drop(): Promise<void>
}

/**
 * A database of the test's own in the primary that `npm test` has started.
 *
 * @param template what it is to hold from the beginning: another, to which nobody is connected. Default: nothing.
 * @throws Error without such a system.
 */
export async function scratchDatabase(template?: Pick<ScratchDatabase, 'name'>): Promise<ScratchDatabase> {
  const { postgresUrl } = await testServers()
  const name = `scratch_${randomUUID().replaceAll('-', '')}`
  const url = postgresUrl(name)
  await admin(postgresUrl('postgres'), `create database ${name}${template ? ` template ${template.name}` : ''}`)
  // To connect costs more than most statements, and who waits for something looks again and again.
  const pool = new pg.Pool({ ...settingsOf(url), allowExitOnIdle: true })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return {
    name,
    url,
    query: async <R extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
      (await pool.query<R>(sql, [...values])).rows,
    drop: async () => {
      await admin(postgresUrl('postgres'), `drop database if exists ${name} with (force)`)
      await pool.end()
    },
  }
}

const settingsOf = (url: string): pg.ClientConfig => ({
  connectionString: url,
  connectionTimeoutMillis: 10_000,
  application_name: 'test',
})

async function admin(url: string, sql: string): Promise<void> {
  await withClient(new pg.Client(settingsOf(url)), (client) => client.query(sql))
}
