import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '#runtime'
import { checked } from '../process/checked.js'
import { type Check, type Component } from '../process/component.js'
import { redisBinary, type RedisBinary } from './binary.js'

const ANSWER_MS_MAX = 2_000

export interface EmbeddedRedis {
  readonly component: Component
  readonly url: string
}

/** As one argument of Redis' configuration, whatever is in it: a space ends one, a backslash begins an escape in quotes. */
const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`

/** BullMQ loses jobs under any other policy than noeviction; the cache bounds itself. */
const config = (port: number, folder: string, password: string): string => `bind 127.0.0.1
port ${port}
dir ${quoted(folder)}
requirepass ${password}
maxmemory-policy noeviction
appendonly yes
appendfsync everysec
save ""
daemonize no
tcp-backlog 128
`

export function embeddedRedis(folder: string, port: number, password: string): EmbeddedRedis {
  const url = `redis://:${password}@127.0.0.1:${port}`
  let binary: RedisBinary = { command: 'redis-server', env: {} }
  const file = join(folder, 'redis.conf')
  return {
    url,
    component: {
      name: 'redis',
      role: 'redis',
      url: `redis://127.0.0.1:${port}`,
      stopSignal: 'SIGTERM',
      stop_ms: 10_000,
      prepare: async () => {
        binary = await redisBinary()
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await writeFile(file, config(port, folder, password), { mode: 0o600 })
      },
      launch: () => ({ command: binary.command, args: [file], env: binary.env, cwd: projectRoot() }),
      check: redisCheck(url),
    },
  }
}

/** Over one connection, made again when it broke. It keeps no process alive. */
function redisCheck(url: string): () => Promise<Check> {
  const create = async () => {
    // Whoever only starts a system needs no client of it.
    const { createClient } = await import('redis')
    return createClient({
      url,
      // The one bound that also holds for what was sent already, and for its greeting.
      socket: { connectTimeout: ANSWER_MS_MAX, socketTimeout: ANSWER_MS_MAX, reconnectStrategy: false },
    }).on('error', () => undefined)
  }
  let client: Awaited<ReturnType<typeof create>> | undefined
  const ask = async (): Promise<string | undefined> => {
    // A connection on which nobody asked for so long has ended by the same bound.
    if (!client?.isReady) {
      client?.destroy()
      client = await create()
      await client.connect()
      client.unref()
    }
    return (await client.ping()) === 'PONG' ? undefined : 'no answer to PING'
  }
  return () =>
    checked(async () => {
      try {
        return await ask()
      } catch (error) {
        client?.destroy()
        client = undefined
        throw error
      }
    })
}
