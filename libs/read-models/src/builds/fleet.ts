import { createHash } from 'node:crypto'
import { PARTITIONS } from '../project/lanes.js'
import { type ReadTable } from '../tables/table.js'

/**
 * Names the set of projection versions that some code knows: whoever has the same set folds together, shares a cache and a feed. While a
 * release replaces another, both fleets go on beside each other.
 */
export function fleetOf(tables: readonly ReadTable[]): string {
  const names = new Set(tables.map(({ projection }) => `${projection.name}.v${projection.version}`))
  return createHash('sha256')
    .update(JSON.stringify([PARTITIONS, [...names].sort()]))
    .digest('hex')
    .slice(0, 12)
}
