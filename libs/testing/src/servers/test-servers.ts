import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const POSTGRES_OFFSET = 50
const REPLICA_OFFSET = 51
const REDIS_OFFSET = 52

/** The servers of the system that `npm test` has started. */
export interface TestServers {
  /** Of one of its Postgres databases, as superuser. */
  postgresUrl(database: string): string
  /** The same on its streaming replica. */
  replicaUrl(database: string): string
  /** Of one of its Redis' logical databases, 0 to 15. The system itself uses 0. */
  redisUrl(database: number): string
}

interface Secrets {
  readonly superuser: string
  readonly redis: string
}

/** @throws Error that says how to run the tests when there is no system to test against. */
export async function testServers(): Promise<TestServers> {
  const { HEADWATER_DATA: data, HEADWATER_PORT_BASE: base } = process.env
  if (!data || !base || !/^\d+$/.test(base))
    throw new Error('no servers to test against (HEADWATER_DATA, HEADWATER_PORT_BASE): run npm test')
  const file = join(data, 'keys', 'servers.json')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`no servers to test against (${file} cannot be read): run npm test`, { cause })
  })
  const { superuser, redis } = JSON.parse(text) as Secrets
  const postgres = (offset: number, database: string): string =>
    `postgresql://headwater_admin:${encodeURIComponent(superuser)}@127.0.0.1:${Number(base) + offset}/${database}`
  return {
    postgresUrl: (database) => postgres(POSTGRES_OFFSET, database),
    replicaUrl: (database) => postgres(REPLICA_OFFSET, database),
    redisUrl: (database) =>
      `redis://:${encodeURIComponent(redis)}@127.0.0.1:${Number(base) + REDIS_OFFSET}/${database}`,
  }
}
