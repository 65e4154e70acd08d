import { type ReadTable } from '../tables/table.js'
import { Builds } from './builds.js'
import { fleetOf } from './fleet.js'

/**
 * Makes what only readers need of the first builds, which a projector does once it is near the end of the log: for whoever writes these tables
 * without one. Waits for a projector that is at it.
 */
export async function indexBuilds(url: string, tables: readonly ReadTable[]): Promise<void> {
  const builds = new Builds(url, tables, fleetOf(tables))
  try {
    for (const projection of new Set(tables.map((table) => table.projection)))
      await builds.index({ projection, build: 1, slot: 'live' })
  } finally {
    await builds.close()
  }
}
