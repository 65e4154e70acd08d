import { randomUUID } from 'node:crypto'
import { testServers } from './test-servers.js'

/** Redis' default number of logical databases; the system under test uses 0. */
const LAST_DATABASE = 15
/** Says in database 0 whose a logical database is. Expires, so that a killed test does not keep it for ever. */
const OWNER_KEY = (database: number): string => `test:scratch:${database}`
const OWNED_S = 900

export interface ScratchRedis {
  readonly url: string
  /** Empties it and gives it back. */
  drop(): Promise<void>
}

/** An empty logical database of the test's own, of at most 15 at a time. @throws Error when all are taken. */
export async function scratchRedis(): Promise<ScratchRedis> {
  const { redisUrl } = await testServers()
  const owner = randomUUID()
  const client = await connected(redisUrl(0))
  for (let database = 1; database <= LAST_DATABASE; database += 1) {
    const key = OWNER_KEY(database)
    if ((await client.set(key, owner, { condition: 'NX', expiration: { type: 'EX', value: OWNED_S } })) === null)
      continue
    await empty(redisUrl(database))
    return {
      url: redisUrl(database),
      drop: async () => {
        await empty(redisUrl(database))
        await client.del(key)
        await client.close()
      },
    }
  }
  await client.close()
  throw new Error(`all ${LAST_DATABASE} scratch databases of Redis are taken`)
}

async function empty(url: string): Promise<void> {
  const client = await connected(url)
  await client.flushDb()
  await client.close()
}

/** Redis' client is a fifth of a second of a test's start: only a test that asks for Redis loads it. */
async function connected(url: string) {
  const { createClient } = await import('redis')
  const client = createClient({ url, socket: { connectTimeout: 5_000, reconnectStrategy: false } })
  client.on('error', () => undefined)
  return client.connect()
}
