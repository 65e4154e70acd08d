import { checkEpochs } from './check-epochs.js'
import { checkFollower } from './check-follower.js'
import { checkOperations } from './check-operations.js'
import { checkRealTime } from './check-real-time.js'
import { checkSequence } from './check-sequence.js'
import { Findings, type LogReport } from './findings.js'
import { type CheckInput, type LogEvent } from './history.js'

/**
 * Holds what clients were told against what the log says, in one pass over each and without sorting: O(n) in events and
 * operations. Knows nothing of how the store works. What a history must satisfy is after Herlihy and Wing,
 * "Linearizability", made cheap by the position that each append gets.
 */
export function checkLog({ operations, log, gapFree, epochs, followers = [] }: CheckInput): LogReport {
  const findings = new Findings()
  const byId = new Map<string, LogEvent>()
  for (const event of log)
    if (byId.has(event.id)) findings.add('duplicated', `event ${event.id} again at position ${event.position}`)
    else byId.set(event.id, event)
  checkSequence(log, gapFree, findings)
  const commands = checkOperations(operations, byId, findings)
  for (const { id, position } of byId.values())
    if (!commands.has(id)) findings.add('phantoms', `nobody asked for event ${id} at position ${position}`)
  checkRealTime(log, commands, findings)
  if (epochs) checkEpochs(log, epochs, findings)
  for (const each of followers) checkFollower(each, log, gapFree, findings)
  return findings.report()
}
