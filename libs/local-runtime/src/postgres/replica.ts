import { existsSync } from 'node:fs'
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { giveTo, makeFolder } from '../process/owner.js'
import { type ClusterPlace } from './cluster.js'
import { connected } from './connected.js'
import { copyFiles } from './copy-files.js'

/**
 * A copy of a running primary by the low-level backup interface (PostgreSQL manual, "Making a Base Backup Using the
 * Low Level API"): the embedded binaries bring no pg_basebackup. Whole or not at all.
 */
export async function copyPrimary(primary: ClusterPlace, replica: ClusterPlace, adminUrl: string): Promise<void> {
  if (existsSync(join(replica.folder, 'PG_VERSION'))) return
  const fresh = `${replica.folder}.new`
  await rm(fresh, { recursive: true, force: true })
  await makeFolder(fresh, replica.owner)
  await connected(adminUrl, async (client) => {
    await client.query("select pg_backup_start('headwater replica', true)")
    await copyFiles(primary.folder, fresh)
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)')
    await writeFile(join(fresh, 'backup_label'), rows[0]?.labelfile ?? '')
  })
  for (const each of ['pg_wal/archive_status', 'pg_wal/summaries']) await mkdir(join(fresh, each), { recursive: true })
  await writeFile(join(fresh, 'standby.signal'), '')
  await giveTo(fresh, replica.owner)
  await rename(fresh, replica.folder)
}

/** Whom to follow stands in a file, not among the arguments that everybody on the machine can list. */
export async function pointAt({ folder, owner }: ClusterPlace, conninfo: string): Promise<void> {
  const file = join(folder, 'postgresql.auto.conf')
  await writeFile(file, `primary_conninfo = '${conninfo}'\n`, { mode: 0o600 })
  if (owner) await chown(file, owner.uid, owner.gid)
}
