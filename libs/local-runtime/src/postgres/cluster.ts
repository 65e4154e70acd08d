import { existsSync } from 'node:fs'
import { appendFile, chown, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { giveTo, makeFolder, type Owner } from '../process/owner.js'
import { runProgram } from '../process/run-program.js'
import { type Launch } from '../process/component.js'

export interface ClusterPlace {
  readonly bin: string
  readonly folder: string
  readonly port: number
  readonly owner: Owner | undefined
}

export const SUPERUSER = 'headwater_admin'

/**
 * A young server, primary or replica, makes each file of its write-ahead log anew and fills it with zeros, while whoever commits waits: with 16 MiB, as it
 * is otherwise, up to 60 ms every few seconds.
 */
const WAL_SEGMENT_MIB = 4

/** A new cluster, whole or not at all: it is made beside its place and renamed. */
export async function initCluster({ bin, folder, owner }: ClusterPlace, password: string): Promise<void> {
  if (existsSync(join(folder, 'PG_VERSION'))) return
  const fresh = `${folder}.new`
  const secret = `${folder}.password`
  await rm(fresh, { recursive: true, force: true })
  await makeFolder(fresh, owner)
  await writeFile(secret, password, { mode: 0o600 })
  try {
    if (owner) await chown(secret, owner.uid, owner.gid)
    await runProgram({
      command: join(bin, 'initdb'),
      args: [
        '-D',
        fresh,
        '-U',
        SUPERUSER,
        '-A',
        'scram-sha-256',
        '--pwfile',
        secret,
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
        `--wal-segsize=${WAL_SEGMENT_MIB}`,
      ],
      env: { LC_ALL: 'C' },
      cwd: '/',
      ...owner,
    })
  } finally {
    await rm(secret, { force: true })
  }
  await appendFile(join(fresh, 'pg_hba.conf'), 'host replication all 127.0.0.1/32 scram-sha-256\n')
  await giveTo(fresh, owner)
  await rename(fresh, folder)
}

/**
 * A table that is dropped, or locked otherwise, is waited for by whoever replays that on a replica while a query reads it there, and by everything behind it.
 * Then the query is cut off. Less than the two seconds that queries wait for a position; the default is 30 s.
 */
const STANDBY_DELAY_MS_MAX = 1_000

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'replica',
  max_wal_senders: '10',
  max_replication_slots: '10',
  max_slot_wal_keep_size: '2GB',
  hot_standby: 'on',
  hot_standby_feedback: 'on',
  max_standby_streaming_delay: `${STANDBY_DELAY_MS_MAX}ms`,
  max_connections: '120',
  shared_buffers: '128MB',
  wal_buffers: '16MB',
  max_wal_size: '1GB',
  checkpoint_timeout: '10min',
  timezone: 'UTC',
  log_timezone: 'UTC',
  wal_receiver_status_interval: '1s',
}

/** The server in the foreground of its own process: who supervises it sees its real pid. */
export function launchCluster(place: ClusterPlace, more: Readonly<Record<string, string>> = {}): Launch {
  const settings = { ...SETTINGS, port: String(place.port), ...more }
  return {
    command: join(place.bin, 'postgres'),
    args: ['-D', place.folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: { LC_ALL: 'C' },
    cwd: '/',
    ...place.owner,
  }
}
