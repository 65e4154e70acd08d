import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '../layout.js'
import { type Component } from '../process/component.js'
import { redisBinary, type RedisBinary } from './binary.js'

export interface EmbeddedRedis {
  readonly component: Component
  readonly url: string
}

/** BullMQ loses jobs under any other policy than noeviction; the cache bounds itself. */
const config = (port: number, folder: string, password: string): string => `bind 127.0.0.1
port ${port}
dir ${folder}
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
      check: () => checkRedis(url),
    },
  }
}

async function checkRedis(url: string): Promise<{ reason: string | undefined }> {
  const { createClient } = await import('redis')
  const client = createClient({ url, socket: { connectTimeout: 2_000, reconnectStrategy: false } })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return { reason: (await client.ping()) === 'PONG' ? undefined : 'no answer to PING' }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  } finally {
    client.destroy()
  }
}
