import { randomUUID } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateLog } from '#event-store'
import { type DataLayout, dataLayout, enrolAll } from '#local-runtime'
import { ensureLocalKey, localJwksUrl } from '#runtime'
import { temporaryPostgres, type TemporaryPostgres } from '#testing'
import { layWitness } from './witness.js'

export interface GroundOptions {
  readonly writers: readonly string[]
  readonly clients: readonly string[]
  readonly followers: readonly string[]
  readonly lease_ms: number
  /** Default: the product's. */
  readonly link_dead_ms?: number
  /** Where Postgres keeps its data; default the system's folder for temporary files. */
  readonly postgresParent?: string
  readonly postgresSettings?: Readonly<Record<string, string>>
  /** Somebody else's, for a database of the test's own. Default: one of its own. */
  readonly server?: TemporaryPostgres
}

/** What every process of a test stands on: folders, keys, a Postgres with an empty log and its witness. */
export interface Ground {
  readonly layout: DataLayout
  readonly postgres: TemporaryPostgres
  /** Of the log's database. */
  readonly url: string
  readonly lease_ms: number
  /** Environment that all its processes share. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

export async function layGround(options: GroundOptions): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-faults-'))
  await chmod(folder, 0o711)
  const layout = dataLayout(folder)
  await mkdir(layout.logs)
  await ensureLocalKey(layout.keys)
  await enrolAll(layout, [
    ...options.writers.map((instance) => ({ role: 'event-writer', instance })),
    ...options.clients.map((instance) => ({ role: 'command-api', instance })),
    ...options.followers.map((instance) => ({ role: 'projector', instance })),
  ])
  const postgres = options.server ?? (await temporaryPostgres(options.postgresSettings, options.postgresParent))
  const url = await postgres.createDatabase(`log_${randomUUID().replaceAll('-', '')}`)
  await migrateLog(url)
  await layWitness(url)
  return {
    layout,
    postgres,
    url,
    lease_ms: options.lease_ms,
    env: {
      EVENT_STORE: 'postgres',
      EVENT_STORE_URL: url,
      HEADWATER_ALLOW_LIST: layout.allowList,
      HEADWATER_DATA: layout.root,
      HEADWATER_OPERATOR_JWKS_URL: localJwksUrl(layout.keys),
      ...(options.link_dead_ms === undefined ? {} : { HEADWATER_FAULT_LINK_DEAD_MS: String(options.link_dead_ms) }),
      LOG_LEVEL: 'info',
      NODE_OPTIONS: '--enable-source-maps',
    },
    close: async () => {
      if (!options.server) await postgres.drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
