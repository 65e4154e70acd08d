import { type ReadAnswer } from '../load/history.js'
import { type Applied } from './applied.js'
import { type ReadFindings } from './read-findings.js'

/** Holds a book's answers against what was acknowledged when each was asked for, and against the position that each bears. */
export function judgeAnswers(
  book: string,
  answers: readonly ReadAnswer[],
  applied: Applied,
  findings: ReadFindings,
): void {
  for (const { query, token, acked, position, count } of answers) {
    const told = `${book}: ${query} shows ${count} transactions at position ${position}`
    if (position < token) findings.add('stale_answers', `${told}, and ${token} was asked for`)
    else if (count < acked) findings.add('stale_answers', `${told}, and ${acked} had been acknowledged`)
    else if (count !== applied.at(position))
      findings.add('stale_answers', `${told}, where the log has ${applied.at(position)}`)
  }
}
