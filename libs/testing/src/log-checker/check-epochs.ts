import { type Findings } from './findings.js'
import { type Epochs, type LogEvent } from './history.js'

/** Once a term has begun, nothing is committed by an earlier one. */
export function checkEpochs(log: readonly LogEvent[], { terms, committedBy }: Epochs, findings: Findings): void {
  const begun = [...terms].sort((a, b) => Number(a.after - b.after))
  let next = 0
  let leading = 0n
  for (const { position } of log) {
    for (let term = begun[next]; term && term.after < position; term = begun[next]) {
      if (term.epoch > leading) leading = term.epoch
      next += 1
    }
    const epoch = committedBy(position)
    if (epoch === undefined) continue
    if (epoch < leading) findings.add('stale_commits', `epoch ${epoch} committed ${position} when ${leading} led`)
    else leading = epoch
  }
}
