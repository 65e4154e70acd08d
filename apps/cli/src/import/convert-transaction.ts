import { priced, totalsFlip, type WireCost } from './convert-cost.js'
import { decimalText } from './decimal-text.js'
import { type JournalTransaction } from './journal-transaction.js'

/** A posting as the wire takes it. */
export interface WirePosting {
  readonly account: string
  readonly amount: string
  readonly commodity: string
  readonly cost?: WireCost
}

/** The body of `ledger.post-transaction` without its id. Empty texts and tags are left out. */
export interface TransactionContent {
  readonly date: string
  readonly description?: string
  readonly code?: string
  readonly comment?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly postings: readonly WirePosting[]
}

/** The content to post, or why this transaction cannot be posted. */
export type Conversion =
  | { readonly kind: 'content'; readonly content: TransactionContent }
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Turns a journal's transaction into a command's body. Pure. Amounts keep the decimals they are written with; a
 * posting of several amounts becomes several postings, one of none disappears; balanced virtual postings are posted
 * as ordinary ones. Names, lengths and the balance are the server's to judge.
 *
 * Refused: an unbalanced virtual posting, and fewer than two postings.
 */
export function convertTransaction(transaction: JournalTransaction): Conversion {
  const virtual = transaction.postings.findIndex(({ kind }) => kind === 'virtual')
  if (virtual >= 0) {
    const account = transaction.postings[virtual]?.account ?? ''
    return refused(
      `posting ${virtual + 1} (${account}) is an unbalanced virtual posting, and every posting must balance`,
    )
  }
  const postings = convertPostings(transaction)
  const [only] = postings
  // A journal may state a zero by itself (to assert a balance); the wire wants two postings, and nothing twice is nothing.
  if (only && postings.length === 1 && !/[1-9]/.test(only.amount)) postings.push(only)
  if (postings.length < 2) return refused(`it has ${postings.length} postings with an amount, and needs two`)
  const { date, description, code, comment, tags } = transaction
  return {
    kind: 'content',
    content: {
      date,
      ...(description === '' ? {} : { description }),
      ...(code === '' ? {} : { code }),
      ...(comment === '' ? {} : { comment }),
      ...(tags.length === 0 ? {} : { tags: joinTags(tags) }),
      postings,
    },
  }
}

function refused(reason: string): Conversion {
  return { kind: 'refused', reason }
}

function convertPostings(transaction: JournalTransaction): WirePosting[] {
  const flip = totalsFlip(transaction)
  return transaction.postings.flatMap(({ account, amounts }) =>
    amounts.flatMap((amount) =>
      priced(amount, flip).map(({ quantity, cost }) => ({
        account,
        amount: decimalText(quantity),
        commodity: amount.commodity,
        ...(cost === undefined ? {} : { cost }),
      })),
    ),
  )
}

/** A tag written twice keeps both values. `fromEntries` makes own properties, whatever a tag is called. */
function joinTags(tags: JournalTransaction['tags']): Record<string, string> {
  const values = new Map<string, string[]>()
  for (const [name, value] of tags) values.set(name, [...(values.get(name) ?? []), value])
  return Object.fromEntries([...values].map(([name, all]) => [name, all.join(', ')]))
}
