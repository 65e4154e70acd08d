import { createHash } from 'node:crypto'
import { type TransactionContent } from './convert-transaction.js'

/**
 * Names transactions by what they say and how often it was said before, so that a journal can be imported again, or
 * after it has grown, and only what is new is posted; the same lunch twice on one day stays two lunches.
 *
 * Amounts count as written: 1.0 is other content than 1.00. Holds about 150 bytes for each transaction seen.
 */
export class TransactionIds {
  readonly #occurrences = new Map<string, number>()

  /** `hledger-<sha-256 of the content, hex>-<occurrence, from 1>`: at most 90 characters. */
  next(content: TransactionContent): string {
    const hash = sha256(canonicalText(content))
    const occurrence = (this.#occurrences.get(hash) ?? 0) + 1
    this.#occurrences.set(hash, occurrence)
    return `hledger-${hash}-${occurrence}`
  }
}

/** Hex SHA-256 of a text in UTF-8. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

/** The same content is the same text, whatever order an object's keys have. Lone surrogates stay apart as escapes. */
function canonicalText({ date, description, code, comment, tags, postings }: TransactionContent): string {
  return JSON.stringify([
    date,
    description ?? '',
    code ?? '',
    comment ?? '',
    Object.entries(tags ?? {}),
    postings.map(({ account, amount, commodity, cost }) => [
      account,
      amount,
      commodity,
      cost === undefined ? null : [cost.kind, cost.amount, cost.commodity],
    ]),
  ])
}
