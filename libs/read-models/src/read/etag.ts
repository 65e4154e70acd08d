import { createHash } from 'node:crypto'
import { type StoredRow } from '../tables/row-codec.js'
import { type ReadableResource, type RowFilter } from './resources.js'

/**
 * Weak, and of one build: another may have folded the same events to something else. Rows may be ahead of the position that they are shown under, while two projections are apart (`spansProjections`): how far all
 * of them are together then tells one content from the next. Who may see only some rows has tags of his own.
 */
export function etagOf(
  { table: { projection } }: Pick<ReadableResource, 'table'>,
  build: number,
  revision: bigint,
  rows: readonly Pick<StoredRow, 'changed'>[] = [],
  only?: RowFilter,
): string {
  const ahead = rows.reduce((sum, { changed }) => (changed > revision ? sum + changed - revision : sum), 0n)
  return `W/"${projection.name}.${projection.version}.${build}-${revision}${ahead > 0n ? `+${ahead}` : ''}${only ? `~${tagOf(only)}` : ''}"`
}

function tagOf({ column, values }: RowFilter): string {
  const text = JSON.stringify([column, ...[...values].sort()])
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
