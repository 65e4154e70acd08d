import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readlink, symlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Of no use to a copy, which has its own, or makes them anew (PostgreSQL manual, "Making a Base Backup Using the Low Level API"). */
const LEFT_OUT = /^(postmaster\.(pid|opts)|pg_internal\.init.*)$/
/** Folders that must be there, with nothing in them. */
const EMPTIED = /^(pg_(wal|replslot|stat_tmp|subtrans|notify|serial|snapshots|dynshmem)|pgsql_tmp.*)$/

/**
 * Copies the files of a server that runs, and makes and removes some meanwhile. What is gone by its turn is left out: that it went is in the
 * write-ahead log, too.
 *
 * @param to a folder that is there. Those within are for their owner only, as a cluster's are.
 */
export async function copyFiles(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (LEFT_OUT.test(entry.name)) continue
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    try {
      // Also where the server's own is a link to somewhere else: what is there is not to be shared.
      if (EMPTIED.test(entry.name)) await mkdir(target, { mode: 0o700 })
      else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
      else if (entry.isDirectory()) {
        await mkdir(target, { mode: 0o700 })
        await copyFiles(source, target)
      } else await copyFile(source, target)
    } catch (error) {
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT' && existsSync(to)
      if (!isGone) throw error
    }
  }
}
