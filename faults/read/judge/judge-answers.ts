import { type ReadAnswer } from '../load/history.js'
import { type Applied } from './applied.js'
import { type ReadFindings } from './read-findings.js'

/**
 * Holds a book's answers against what each was asked for with, and against the position that each bears. What was asked for without a token
 * may be as old as it likes; it is what the log has at its position all the same.
 */
export function judgeAnswers(
  book: string,
  answers: readonly ReadAnswer[],
  applied: Applied,
  findings: ReadFindings,
): void {
  for (const { query, token, acked, position, header, count } of answers) {
    const told = `${book}: ${query} shows ${count} transactions at position ${position}`
    if (header !== position) findings.add('stale_answers', `${told}, and its header says ${header}`)
    else if (position < token) findings.add('stale_answers', `${told}, and ${token} was asked for`)
    else if (count < acked) findings.add('stale_answers', `${told}, and ${acked} had been acknowledged up to ${token}`)
    else if (count !== applied.at(position))
      findings.add('stale_answers', `${told}, where the log has ${applied.at(position)}`)
  }
}
