import { type CommandTimes } from './check-operations.js'
import { type Findings } from './findings.js'
import { type LogEvent } from './history.js'

/**
 * If A was acknowledged before B was invoked, A stands before B. From the end of the log to its beginning it is enough
 * to know the earliest acknowledgement of all that stands behind: B must have been invoked before that.
 */
export function checkRealTime(
  log: readonly LogEvent[],
  commands: ReadonlyMap<string, CommandTimes>,
  findings: Findings,
): void {
  let earliest: { readonly acked_ms: number; readonly event: LogEvent } | undefined
  for (let at = log.length - 1; at >= 0; at -= 1) {
    const event = log[at]
    const times = event && commands.get(event.id)
    if (!times) continue
    if (earliest && earliest.acked_ms < times.invoked_ms)
      findings.add(
        'misordered',
        `position ${event.position} was asked for after ${earliest.event.position} had been acknowledged`,
      )
    if (!earliest || times.acked_ms < earliest.acked_ms) earliest = { acked_ms: times.acked_ms, event }
  }
}
