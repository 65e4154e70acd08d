import { ledger } from '#ledger'
import { tablesOf } from '#read-models'
import { type LogEvent, plainFold, type RunningSystem } from '#testing'
import { judgeRows } from './judge-rows.js'
import { type ReadFindings } from './read-findings.js'
import { StoredRows } from './stored-rows.js'

/**
 * Folds the whole log plainly and holds every row of every live read model of the ledger against that, on the primary and on the replica.
 *
 * @returns how many rows the log folds to.
 * @throws Error when a database does not come to the end of the log.
 */
export async function judgeReadModels(
  system: RunningSystem,
  log: readonly LogEvent[],
  findings: ReadFindings,
): Promise<number> {
  const head = log.at(-1)?.position ?? 0n
  const models = tablesOf([ledger]).map((table) => ({ table, folded: plainFold(table, log) }))
  const places = { primary: system.postgresUrl('headwater_read'), replica: system.replicaUrl('headwater_read') }
  for (const [where, url] of Object.entries(places)) {
    const database = await StoredRows.at(url, head)
    try {
      for (const { table, folded } of models)
        judgeRows(where, table, { stored: await database.of(table), folded }, findings)
    } finally {
      await database.close()
    }
  }
  return models.reduce((sum, { folded }) => sum + folded.length, 0)
}
