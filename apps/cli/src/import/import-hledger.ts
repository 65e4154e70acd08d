import { type Readable } from 'node:stream'
import { type Outgoing, LINE_BYTES_MAX } from './command-batches.js'
import { convertTransaction } from './convert-transaction.js'
import { type JournalTransaction } from './journal-transaction.js'
import { problemText, visible } from './problem.js'
import { readJournal } from './read-journal.js'
import { sendCommands, type Settled } from './send-commands.js'
import { sha256, TransactionIds } from './transaction-id.js'

export interface ImportOptions {
  /** A path, or `-` for standard input. */
  readonly input: string
  readonly stdin: Readable
  readonly book: string
  readonly commandsUrl: string
  /** Asked before every request. */
  readonly token: () => Promise<string>
  readonly onProgress?: (done: number) => void
  /** One line for the person who imports. */
  readonly onNotice: (text: string) => void
  readonly signal?: AbortSignal
}

/** What became of the journal, as the command line prints it. */
export interface ImportSummary {
  readonly book: string
  readonly transactions: number
  readonly imported: number
  readonly replayed: number
  readonly refused: number
  /** Of the last event that the import led to or found; "0" when there is none. */
  readonly position: string
}

/** What an answer is about: `transaction` is undefined for what the importer opens on its way. */
type About = { readonly label: string; readonly isTransaction: boolean }

const ALREADY = new Set(['book-exists', 'account-exists'])

/** Posts a journal into a book, opening the book and the accounts it meets. Memory is bounded by one batch of commands. */
export async function importHledger(options: ImportOptions): Promise<ImportSummary> {
  const counts = { transactions: 0, imported: 0, replayed: 0, refused: 0 }
  let position = 0n
  const refuse = (label: string, reason: string): void => {
    counts.refused += 1
    options.onNotice(`refused: ${label}: ${reason}`)
  }
  const settled = ({ label, isTransaction }: About, result: Settled): void => {
    if (result.kind === 'done') {
      if (result.position !== undefined && result.position > position) position = result.position
      if (isTransaction) counts[result.replayed ? 'replayed' : 'imported'] += 1
    } else if (isTransaction) refuse(label, problemText(result.status, result.problem))
    else if (!ALREADY.has(result.problem.code ?? ''))
      options.onNotice(`${label}: ${problemText(result.status, result.problem)}`)
    if (isTransaction) options.onProgress?.(counts.imported + counts.replayed + counts.refused)
  }
  const counted = (transaction: { label: string; reason: string } | undefined): void => {
    counts.transactions += 1
    if (transaction) refuse(transaction.label, transaction.reason)
  }
  const retry = (reason: string, attempt: number): void =>
    options.onNotice(`waiting to try again (${attempt}): ${reason}`)
  const { commandsUrl, token, signal } = options
  await sendCommands(commandsOf(options, counted), { commandsUrl, token, signal, onRetry: retry }, settled)
  return { book: options.book, ...counts, position: position.toString() }
}

/** The book, then for each transaction the accounts that are new and itself. */
async function* commandsOf(
  { input, stdin, book, signal }: ImportOptions,
  counted: (refused: { label: string; reason: string } | undefined) => void,
): AsyncGenerator<Outgoing<About>> {
  const line = (key: string, command: string, body: object, about: About): Outgoing<About> => ({
    key,
    about,
    line: JSON.stringify({ key, command: `ledger.${command}`, target: book, body }),
  })
  yield line('hledger-open-book', 'open-book', {}, { label: `book "${book}"`, isTransaction: false })
  const ids = new TransactionIds()
  const opened = new Set<string>()
  for await (const transaction of readJournal({ input, stdin, signal })) {
    const label = labelOf(transaction)
    const converted = convertTransaction(transaction)
    if (converted.kind === 'refused') {
      counted({ label, reason: converted.reason })
      continue
    }
    const id = ids.next(converted.content)
    const command = line(id, 'post-transaction', { id, ...converted.content }, { label, isTransaction: true })
    if (Buffer.byteLength(command.line) > LINE_BYTES_MAX) {
      counted({ label, reason: `it is larger than the ${LINE_BYTES_MAX} bytes that a command may have` })
      continue
    }
    for (const { account } of converted.content.postings) {
      if (opened.has(account)) continue
      opened.add(account)
      const about = { label: `account "${visible(account)}"`, isTransaction: false }
      yield line(`hledger-open-${sha256(account)}`, 'open-account', { account }, about)
    }
    counted(undefined)
    yield command
  }
}

function labelOf({ date, description, source }: JournalTransaction): string {
  const where = source === undefined ? '' : ` (${source})`
  return visible(`${date} ${description}${where}`)
}
