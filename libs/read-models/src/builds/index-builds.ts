import { type ReadTable } from '../tables/table.js'
import { Indexing } from './indexing.js'

/**
 * Makes what only readers need of the first builds, which a projector does once it is near the end of the log: for whoever writes these tables
 * without one. Waits for a projector that is at it.
 */
export async function indexBuilds(url: string, tables: readonly ReadTable[]): Promise<void> {
  const indexing = new Indexing(url, tables)
  try {
    const projections = [...new Set(tables.map((table) => table.projection))]
    await indexing.indexAll(projections.map((projection) => ({ projection, build: 1, slot: 'live' })))
  } finally {
    await indexing.close()
  }
}
