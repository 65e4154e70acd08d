import { isDeepStrictEqual } from 'node:util'
import { identityOf, type ReadTable, type StoredRow } from '#read-models'
import { type ReadFindings } from './read-findings.js'

/**
 * Holds a table's rows against what the log folds to, row by row. Rows of a table that nobody watches are compared without their place
 * in the log: it depends on how the log was cut into batches, and nobody sees it.
 *
 * @param where they were read: `primary`.
 */
export function judgeRows(
  where: string,
  table: ReadTable,
  rows: { readonly stored: readonly StoredRow[]; readonly folded: readonly StoredRow[] },
  findings: ReadFindings,
): void {
  const nameOf = (row: StoredRow): string => identityOf(table.keys, row)
  const shown = (each: StoredRow): object => (table.isWatched ? each : each.row)
  const stored = new Map(rows.stored.map((each) => [nameOf(each), each]))
  for (const each of rows.folded) {
    const name = nameOf(each)
    const found = stored.get(name)
    stored.delete(name)
    if (!found) findings.add('unequal_rows', `${where}: ${table.id} has no ${name}`)
    else if (!isDeepStrictEqual(shown(found), shown(each)))
      findings.add('unequal_rows', `${where}: ${table.id} ${name} is ${textOf(found)}, and folds to ${textOf(each)}`)
  }
  for (const name of stored.keys())
    findings.add('unequal_rows', `${where}: ${table.id} has ${name}, which nothing folds to`)
}

const textOf = (row: StoredRow): string =>
  JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).slice(0, 500)
