import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { projectRoot } from '#runtime'
import { runProgram } from '../process/run-program.js'

export interface RedisBinary {
  readonly command: string
  readonly env: Readonly<Record<string, string>>
}

/** What redis-server of Debian needs beside the base system. */
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1']

const HELP =
  'Redis is needed. Install it ("sudo apt-get install redis-server", "brew install redis"), ' +
  'or run one ("docker run -p 6379:6379 redis") and set REDIS_URL=redis://127.0.0.1:6379'

function onPath(program: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file))
}

function unpacked(folder: string): RedisBinary {
  return {
    command: join(folder, 'usr/bin/redis-server'),
    env: { LD_LIBRARY_PATH: join(folder, 'usr/lib/x86_64-linux-gnu') },
  }
}

/** `redis-server` on PATH, else Debian's packages unpacked into a cache (no root, no service). @throws Error with the commands. */
export async function redisBinary(): Promise<RedisBinary> {
  const installed = onPath('redis-server')
  if (installed !== undefined) return { command: installed, env: {} }
  const cache = join(projectRoot(), 'node_modules', '.cache', 'headwater', 'redis')
  if (!existsSync(unpacked(cache).command)) await unpack(cache)
  return unpacked(cache)
}

async function unpack(cache: string): Promise<void> {
  if (onPath('apt-get') === undefined || onPath('dpkg') === undefined) throw new Error(HELP)
  const fresh = `${cache}.${process.pid}`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  const run = (command: string, ...args: string[]): Promise<string> =>
    runProgram({ command, args, env: { LC_ALL: 'C' }, cwd: fresh })
  try {
    try {
      await run('apt-get', 'download', ...PACKAGES)
    } catch (error) {
      if (process.getuid?.() !== 0) throw error
      await run('apt-get', 'update')
      await run('apt-get', 'download', ...PACKAGES)
    }
    for (const file of await readdir(fresh)) if (file.endsWith('.deb')) await run('dpkg', '-x', file, fresh)
    await rm(cache, { recursive: true, force: true })
    await rename(fresh, cache)
  } catch (error) {
    throw new Error(HELP, { cause: error })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}
