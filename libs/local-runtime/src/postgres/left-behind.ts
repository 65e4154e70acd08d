import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { type DataLayout } from '../layout.js'
import { reachablePath, serverOwner } from '../process/owner.js'

const ORDINALS = [1, 2, 3, 4]

/**
 * A cluster that lies elsewhere, because its owner cannot reach the data folder, outlives that folder, and nobody has its passwords any
 * more. Moves it out of the way of a new one; replicas are but copies, and are removed.
 *
 * @returns where it lies now; undefined when there is none.
 */
export async function moveLeftBehind(layout: DataLayout): Promise<string | undefined> {
  const owner = serverOwner()
  const elsewhere = reachablePath(layout.primary, owner)
  if (elsewhere === layout.primary || !existsSync(elsewhere)) return undefined
  for (const path of ORDINALS.map((ordinal) => reachablePath(layout.replica(ordinal), owner)))
    await rm(path, { recursive: true, force: true })
  const aside = `${elsewhere}.${new Date().toISOString().replaceAll(':', '-')}`
  await rename(elsewhere, aside)
  return aside
}
