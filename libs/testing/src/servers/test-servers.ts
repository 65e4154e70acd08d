import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { portsFrom } from '#local-runtime'

/** The embedded servers of one running product. */
export interface TestServers {
  /** Of one of its Postgres databases, as superuser. */
  postgresUrl(database: string): string
  /** The same on its first streaming replica. */
  replicaUrl(database: string): string
  /** Of one of its Redis' logical databases, 0 to 15. The system itself uses 0. */
  redisUrl(database: number): string
}

interface Secrets {
  readonly superuser: string
  readonly redis: string
}

/** Those of the system that `npm test` has started. @throws Error that says how to run the tests when there is none. */
export async function testServers(): Promise<TestServers> {
  const { HEADWATER_DATA: data, HEADWATER_PORT_BASE: base } = process.env
  if (!data || !base || !/^\d+$/.test(base))
    throw new Error('no servers to test against (HEADWATER_DATA, HEADWATER_PORT_BASE): run npm test')
  return serversOf(data, Number(base)).catch((cause: unknown) => {
    throw new Error('no servers to test against: run npm test', { cause })
  })
}

/** @param data folder of the product. @param base first of its ports. @throws Error before it was started for the first time. */
export async function serversOf(data: string, base: number): Promise<TestServers> {
  const { superuser, redis } = JSON.parse(await readFile(join(data, 'keys', 'servers.json'), 'utf8')) as Secrets
  const ports = portsFrom(base)
  const postgres = (port: number | undefined, database: string): string =>
    `postgresql://headwater_admin:${encodeURIComponent(superuser)}@127.0.0.1:${port}/${database}`
  return {
    postgresUrl: (database) => postgres(ports.primary, database),
    replicaUrl: (database) => postgres(ports.replicas[0], database),
    redisUrl: (database) => `redis://:${encodeURIComponent(redis)}@127.0.0.1:${ports.redis}/${database}`,
  }
}
