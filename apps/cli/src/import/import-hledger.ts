import { type About, importCommands, type Named } from './import-commands.js'
import { type JournalInput } from './open-journal.js'
import { problemText } from './problem.js'
import { readJournal } from './read-journal.js'
import { type RetryPolicy } from './retry.js'
import { sendCommands, type Settled } from './send-commands.js'

/** How far an import is. All counts are of transactions. */
export interface ImportProgress {
  /** Read from the journal; runs ahead of what is settled by at most one batch. */
  readonly transactions: number
  /** Posted by this import. */
  readonly posted: number
  /** Posted before with the same content: nothing changed. */
  readonly replayed: number
  readonly refused: number
  /** Of the last event that the import led to or found; 0 when there is none. */
  readonly position: bigint
}

/** A transaction that was not posted, and why. */
export interface Refusal extends Named {
  readonly reason: string
}

/** An import: from where, to where, and who is told. */
export interface ImportOptions {
  readonly journal: JournalInput
  readonly book: string
  /** Origin of the command API. */
  readonly commandsUrl: string
  /** Asked before every request. */
  readonly token: () => Promise<string>
  readonly retry?: RetryPolicy | undefined
  /** Told after each transaction that is settled. */
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
  readonly onRefused: (refusal: Refusal) => void
  /** One line of printable text on what is not a transaction: a wait before a retry, an account that cannot be opened. */
  readonly onNotice: (text: string) => void
}

/** What an answer to opening may say without anything being wrong. */
const ALREADY = new Set(['book-exists', 'account-exists'])

/**
 * Posts a journal into a book through `POST /v1/commands`, opening the book and the accounts it meets; those that are
 * open already stay as they are. A transaction's id comes from its content and its occurrence, so the same journal
 * again changes nothing, and one that has grown adds what is new. A refused transaction stops nothing.
 *
 * The journal is read only as fast as its commands are answered: at most 2,000 of them or 4 MiB are under way, each
 * line at most 1 MiB. Broken connections, 429 and 503 are tried again, with the same keys.
 *
 * @returns what became of it; `transactions` = `posted` + `replayed` + `refused`.
 * @throws ImportFailure when the journal cannot be read or is not what hledger writes; what came before is posted.
 * @throws RequestRefused when the server takes none of it: a wrong token, a wrong address.
 * @throws ConnectionLost when the server cannot be reached, many times in a row (16 unless `retry` says otherwise).
 * @throws ProtocolError when its answers make no sense.
 * @throws AbortError, or the signal's own reason, when the signal fires.
 */
export async function importHledger(run: ImportOptions): Promise<ImportProgress> {
  const counts = { transactions: 0, posted: 0, replayed: 0, refused: 0, position: 0n }
  const refuse = (transaction: Named, reason: string): void => {
    counts.refused += 1
    run.onRefused({ ...transaction, reason })
    run.onProgress?.({ ...counts })
  }
  const onRead = (transaction: Named, refused: string | undefined): void => {
    counts.transactions += 1
    if (refused !== undefined) refuse(transaction, refused)
  }
  const onSettled = (about: About, result: Settled): void => {
    if (result.kind === 'refused') {
      const reason = problemText(result.status, result.problem)
      if (about.kind === 'transaction') refuse(about.transaction, reason)
      else if (!ALREADY.has(result.problem.code ?? '')) run.onNotice(`${about.label}: ${reason}`)
      return
    }
    if (result.position !== undefined && result.position > counts.position) counts.position = result.position
    if (about.kind !== 'transaction') return
    counts[result.replayed ? 'replayed' : 'posted'] += 1
    run.onProgress?.({ ...counts })
  }
  const onRetry = (reason: string, attempt: number): void =>
    run.onNotice(`waiting to try again (${attempt}): ${reason}`)
  const { journal, book, commandsUrl, token, retry } = run
  const commands = importCommands(readJournal(journal), book, onRead)
  await sendCommands(commands, { commandsUrl, token, retry, signal: journal.signal, onRetry }, onSettled)
  return counts
}
