import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type DataLayout } from '../layout.js'
import { elsewhere, serverOwner } from '../process/owner.js'
import { type ClusterPlace } from './cluster.js'

const ORDINALS = [1, 2, 3, 4]

/**
 * A cluster that lies elsewhere, because its owner cannot reach the data folder, outlives that folder, and nobody has its passwords any
 * more. Moves it out of the way of a new one; replicas are but copies, and are removed.
 *
 * @returns where it lies now; undefined when there is none.
 */
export async function moveLeftBehind(layout: DataLayout): Promise<string | undefined> {
  const left = elsewhere(layout.primary)
  if (!serverOwner() || !existsSync(left)) return undefined
  for (const path of ORDINALS.map((ordinal) => elsewhere(layout.replica(ordinal))))
    await rm(path, { recursive: true, force: true })
  const aside = `${left}.${new Date().toISOString().replaceAll(':', '-')}`
  await rename(left, aside)
  return aside
}

/**
 * A cluster lies elsewhere, or no longer does, as soon as somebody changes the mode of a folder above it, or starts as root what another user has
 * started. It must not be made anew then: all events would seem lost.
 *
 * @throws Error naming both places when this one has no cluster and the other one has.
 */
export function refuseAnother({ primary }: DataLayout, { folder, owner }: ClusterPlace): void {
  if (!owner || hasCluster(folder)) return
  const other = folder === primary ? elsewhere(primary) : primary
  if (!hasCluster(other)) return
  throw new Error(
    `the database is in ${other}, but what the user that Postgres runs as (id ${owner.uid}) can reach has changed: now it belongs in ${folder}. ` +
      `Start as the user who did before, or give the folders above ${primary} back the modes they had, or move it, and give it to that user: ` +
      `mv ${other} ${folder} && chown -R ${owner.uid}:${owner.gid} ${folder}`,
  )
}

const hasCluster = (folder: string): boolean => existsSync(join(folder, 'PG_VERSION'))
