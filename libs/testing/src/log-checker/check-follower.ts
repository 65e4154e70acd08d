import { sightOf } from './content.js'
import { type Findings } from './findings.js'
import { type Follower, type LogEvent } from './history.js'

/** A follower is handed the log: every event as it is, once, in order, in batches that follow on each other. */
export function checkFollower(
  { name, batches }: Follower,
  log: readonly LogEvent[],
  gapFree: boolean,
  findings: Findings,
): void {
  let count = 0
  let last = 0n
  for (const { after, position, sights } of batches) {
    if (after !== last) findings.add('missed', `${name}: a batch after ${after} came after position ${last}`)
    for (const sight of sights) {
      const event = log[count]
      const expected = event ? sightOf(event) : 'nothing'
      if (sight !== expected) findings.add('missed', `${name} saw ${sight} in the place of ${expected}`)
      count += 1
    }
    const seen = log[count - 1]?.position ?? 0n
    if (gapFree && position !== seen) findings.add('missed', `${name}: a batch up to ${position} ends with ${seen}`)
    last = position
  }
  for (const { id, position } of log.slice(count))
    findings.add('missed', `${name} never saw event ${id} at ${position}`)
}
