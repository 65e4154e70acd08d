import { type ToldState } from '../load/history.js'
import { type Applied } from './applied.js'
import { type ReadFindings } from './read-findings.js'

/**
 * Holds what a watch of a balance was told against the log: each state fits its position, positions grow (a reset may show the
 * same again), and the last state is that of the last transaction. States in between may be left out.
 */
export function judgeStates(book: string, told: readonly ToldState[], applied: Applied, findings: ReadFindings): void {
  let before = -1n
  for (const { kind, position, count } of told) {
    const what = `${book}: a ${kind} of position ${position} with ${count} transactions`
    if (position < before) findings.add('out_of_order', `${what} after ${before}`)
    else if (position === before && kind === 'change') findings.add('doubled', `${what}, which was told before`)
    if (count !== applied.at(position))
      findings.add('stale_answers', `${what}, where the log has ${applied.at(position)}`)
    before = position
  }
  const last = told.at(-1)
  if (last?.count !== applied.total)
    findings.add('missed', `${book}: the last state told has ${last?.count ?? 'no'} of ${applied.total} transactions`)
}
