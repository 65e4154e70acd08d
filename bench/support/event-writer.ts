import { join } from 'node:path'
import { migrateLog } from '#event-store'
import { createIdentity, saveAllowList, saveIdentity } from '#mesh'
import { ensureLocalKey, issueToken, localJwksUrl } from '#runtime'
import { freePort, temporaryFolder } from '#testing'
import { startApp } from './app-process.js'

/** An event-writer as the product runs it, in its own process, and what its clients need. */
export interface BenchWriter {
  readonly pid: number
  /** For {@link openBenchStore}. */
  readonly access: WriterAccess
  /** An access for each of further instances of command-api, and where the keys of their callers' tokens are. */
  readonly instances: readonly WriterAccess[]
  readonly jwksUrl: string
  /** A token that may write everything. */
  readonly token: string
  stop(): Promise<void>
}

export interface WriterAccess {
  readonly url: string
  readonly endpoint: string
  readonly identity: string
  readonly allowList: string
}

const INSTANCES = ['command-api-1', 'command-api-2', 'command-api-3']

/** @param url of the database that holds the log; its schema is made. */
export async function startWriter(url: string): Promise<BenchWriter> {
  const { folder, remove } = temporaryFolder('bench')
  const keys = join(folder, 'keys')
  const allowList = join(folder, 'allow-list.json')
  const writer = await createIdentity({ role: 'event-writer', instance: 'event-writer-1' })
  const clients = await Promise.all(INSTANCES.map((instance) => createIdentity({ role: 'command-api', instance })))
  for (const each of [writer, ...clients]) await saveIdentity(join(folder, each.instance), each)
  const entries = [writer, ...clients].map(({ spki, role, instance }) => ({ spki, role, instance }))
  await saveAllowList(allowList, { version: 1n, entries })
  await ensureLocalKey(keys)
  await migrateLog(url)
  const linkPort = await freePort()
  const env = {
    HEADWATER_DATA: folder,
    HEADWATER_INSTANCE: 'event-writer-1',
    HEADWATER_LINK_PORT: String(linkPort),
    HEADWATER_IDENTITY: join(folder, 'event-writer-1'),
    HEADWATER_ALLOW_LIST: allowList,
    HEADWATER_OPERATOR_JWKS_URL: localJwksUrl(keys),
    EVENT_STORE_URL: url,
  }
  const app = await startApp(
    'event-writer',
    'apps/event-writer/src/main.js',
    env,
    ({ facts }) => facts?.leader === true,
  )
  const accessOf = (instance: string): WriterAccess => ({
    url,
    endpoint: `127.0.0.1:${linkPort}`,
    identity: join(folder, instance),
    allowList,
  })
  return {
    pid: app.pid,
    access: accessOf('command-api-1'),
    instances: INSTANCES.map(accessOf),
    jwksUrl: localJwksUrl(keys),
    token: await issueToken(keys, { role: 'operator', ttl_s: 86_400 }),
    stop: async () => {
      await app.stop()
      await remove()
    },
  }
}
