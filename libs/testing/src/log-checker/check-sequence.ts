import { type Findings } from './findings.js'
import { type LogEvent } from './history.js'

/** The log by itself: positions, revisions of each stream, times, command keys. */
export function checkSequence(log: readonly LogEvent[], gapFree: boolean, findings: Findings): void {
  const revisions = new Map<string, bigint>()
  const keys = new Set<string>()
  let before: LogEvent | undefined
  for (const event of log) {
    checkPosition(event, before?.position ?? 0n, gapFree, findings)
    checkRevision(event, revisions, findings)
    if (before && Date.parse(event.time) < Date.parse(before.time))
      findings.add('misordered', `time goes from ${before.time} back to ${event.time} at position ${event.position}`)
    const key = event.metadata.$command?.key
    if (key !== undefined) {
      const command = `${event.stream} ${key}`
      if (keys.has(command)) findings.add('duplicated', `command ${command} again at position ${event.position}`)
      keys.add(command)
    }
    before = event
  }
}

function checkPosition({ position, id }: LogEvent, before: bigint, gapFree: boolean, findings: Findings): void {
  if (position === before) findings.add('duplicated', `position ${position} again, with event ${id}`)
  else if (position < before) findings.add('misordered', `position ${position} is read after ${before}`)
  else if (gapFree && position > before + 1n) findings.add('gaps', `no position between ${before} and ${position}`)
}

function checkRevision({ stream, revision }: LogEvent, revisions: Map<string, bigint>, findings: Findings): void {
  const before = revisions.get(stream) ?? -1n
  if (revision > before + 1n) findings.add('gaps', `${stream} has no revision between ${before} and ${revision}`)
  else if (revision === before) findings.add('duplicated', `${stream} has revision ${revision} again`)
  else if (revision < before) findings.add('misordered', `${stream} has revision ${revision} after ${before}`)
  if (revision > before) revisions.set(stream, revision)
}
