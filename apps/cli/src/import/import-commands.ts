import { BODY_BYTES_MAX } from '#runtime'
import { type Outgoing } from './command-batches.js'
import { convertTransaction } from './convert-transaction.js'
import { type JournalTransaction } from './journal-transaction.js'
import { visible } from './problem.js'
import { sha256, TransactionIds } from './transaction-id.js'

/** A transaction of the journal as a person finds it again. */
export interface Named {
  /** Its place among the journal's transactions, from 0. */
  readonly index: number
  /** Date, description and, where hledger says so, file and line; one line of printable text. */
  readonly label: string
}

/** What a command, and so its answer, is about. */
export type About =
  | { readonly kind: 'book' | 'account'; readonly label: string }
  | { readonly kind: 'transaction'; readonly transaction: Named }

/** Told of each transaction in order, before its command; `refused` is why there will be none. */
export type OnRead = (transaction: Named, refused: string | undefined) => void

/**
 * The lines of `POST /v1/commands` (WIRE.md) that put a journal into a book: the book is opened, and then, for each
 * transaction, the accounts that are new, and itself. Keys and transaction ids depend on the journal's content alone,
 * so that sending all of it again changes nothing.
 *
 * Takes transactions as commands are asked for. Remembers the names of accounts and about 150 bytes for each transaction.
 */
export async function* importCommands(
  journal: AsyncIterable<JournalTransaction>,
  book: string,
  onRead: OnRead,
): AsyncGenerator<Outgoing<About>> {
  const command = (key: string, name: string, body: object, about: About): Outgoing<About> => ({
    key,
    about,
    line: JSON.stringify({ key, command: `ledger.${name}`, target: book, body }),
  })
  const ids = new TransactionIds()
  const opened = new Set<string>()
  let index = 0
  yield command('hledger-open-book', 'open-book', {}, { kind: 'book', label: `book "${visible(book)}"` })
  for await (const read of journal) {
    const transaction = { index: index++, label: labelOf(read) }
    const converted = convertTransaction(read)
    if (converted.kind === 'refused') {
      onRead(transaction, converted.reason)
      continue
    }
    const id = ids.next(converted.content)
    const about = { kind: 'transaction', transaction } as const
    const posting = command(id, 'post-transaction', { id, ...converted.content }, about)
    if (Buffer.byteLength(posting.line) > BODY_BYTES_MAX) {
      onRead(transaction, `it is larger than the ${BODY_BYTES_MAX} bytes that a command may have`)
      continue
    }
    onRead(transaction, undefined)
    for (const { account } of converted.content.postings) {
      if (opened.has(account)) continue
      opened.add(account)
      const label = `account "${visible(account)}"`
      yield command(`hledger-open-${sha256(account)}`, 'open-account', { account }, { kind: 'account', label })
    }
    yield posting
  }
}

function labelOf({ date, description, source }: JournalTransaction): string {
  const where = source === undefined ? '' : ` (${source})`
  return visible(`${date} ${description}${where}`)
}
