import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateLog } from '#event-store'
import { projectRoot } from '#local-runtime'
import { createIdentity, saveAllowList, saveIdentity } from '#mesh'
import { ensureLocalKey, localJwksUrl } from '#runtime'
import { eventually, freePort } from '#testing'

/** An event-writer as the product runs it, in its own process, and what its clients need. */
export interface BenchWriter {
  readonly pid: number
  /** For {@link openBenchStore}. */
  readonly access: WriterAccess
  stop(): Promise<void>
}

export interface WriterAccess {
  readonly url: string
  readonly endpoint: string
  readonly identity: string
  readonly allowList: string
}

export async function startWriter(url: string): Promise<BenchWriter> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-bench-'))
  const names = { writer: join(folder, 'event-writer-1'), client: join(folder, 'command-api-1') }
  const writer = await createIdentity({ role: 'event-writer', instance: 'event-writer-1' })
  const client = await createIdentity({ role: 'command-api', instance: 'command-api-1' })
  await saveIdentity(names.writer, writer)
  await saveIdentity(names.client, client)
  const allowList = join(folder, 'allow-list.json')
  const entries = [writer, client].map(({ spki, role, instance }) => ({ spki, role, instance }))
  await saveAllowList(allowList, { version: 1n, entries })
  await ensureLocalKey(join(folder, 'keys'))
  await migrateLog(url)
  const [port, linkPort] = [await freePort(), await freePort()]
  const child = spawn(process.execPath, [join(projectRoot(), 'dist', 'apps', 'event-writer', 'src', 'main.js')], {
    env: {
      ...process.env,
      LOG_LEVEL: 'warn',
      HEADWATER_DATA: folder,
      HEADWATER_INSTANCE: 'event-writer-1',
      HEADWATER_HOST: '127.0.0.1',
      HEADWATER_PORT: String(port),
      HEADWATER_LINK_PORT: String(linkPort),
      HEADWATER_IDENTITY: names.writer,
      HEADWATER_ALLOW_LIST: allowList,
      HEADWATER_OPERATOR_JWKS_URL: localJwksUrl(join(folder, 'keys')),
      EVENT_STORE_URL: url,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const leads = async (): Promise<boolean> => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
    return ((await answer?.json()) as { facts?: { leader?: boolean } } | undefined)?.facts?.leader === true
  }
  await eventually('the writer leads', leads)
  return {
    pid: child.pid ?? 0,
    access: { url, endpoint: `127.0.0.1:${linkPort}`, identity: names.client, allowList },
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
