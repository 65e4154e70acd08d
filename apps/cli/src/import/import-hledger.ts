import { namedInput } from './open-journal.js'
import { type ImportProgress, type Refusal, runImport } from './run-import.js'
import { type RetryPolicy } from './retry.js'

/** Most refusals that a summary names; further ones are only counted. */
export const REFUSALS_MAX = 10_000

/** An import of bytes by a program. */
export interface ImportOptions {
  /** What `hledger print -O json` writes, or a plain journal, which is piped through an installed hledger. */
  readonly source: AsyncIterable<Buffer>
  readonly book: string
  /** Origin of the command API: the commands go to `POST {commandUrl}/v1/commands`. */
  readonly commandUrl: string
  /** A bearer token with the right to write to the book. */
  readonly token: string
  /** Told after each transaction that is settled. */
  readonly progress?: (progress: ImportProgress) => void
  /** One line of printable text about anything but a transaction: a wait before a retry, an account that cannot be opened. */
  readonly notice?: (text: string) => void
  readonly signal?: AbortSignal
  readonly retry?: RetryPolicy
}

/** What became of a journal. `transactions` = `posted` + `replayed` + `refusedCount`. */
export interface ImportSummary {
  readonly book: string
  readonly transactions: number
  /** Posted by this import. */
  readonly posted: number
  /** Posted before with the same content: nothing changed. */
  readonly replayed: number
  /** In the order in which they were refused, the first 10,000 of them; `index` counts the journal's transactions from 0. */
  readonly refused: readonly Refusal[]
  readonly refusedCount: number
  /** Of the last event that the import led to or found; "0" when there is none. */
  readonly position: string
}

/** An import by the command line. */
export interface NamedImportOptions {
  /** A path, or `-` for standard input. */
  readonly input: string
  readonly stdin: AsyncIterable<Uint8Array>
  readonly book: string
  /** Origin of the command API. */
  readonly commandsUrl: string
  /** Asked before every request, so that an import may outlive a token. */
  readonly token: () => Promise<string>
  /** `done` transactions are settled. */
  readonly onProgress?: (done: number) => void
  /** One line for the person who imports: each refusal, each wait. */
  readonly onNotice: (text: string) => void
  readonly signal?: AbortSignal
}

/** What became of the journal, as the command line prints it (WIRE.md). */
export interface ImportLine {
  readonly book: string
  readonly transactions: number
  readonly imported: number
  readonly replayed: number
  readonly refused: number
  readonly position: string
}

/**
 * Posts a journal into a book through `POST /v1/commands`, opening the book and the accounts it meets; those that are
 * open already stay as they are. A transaction's id comes from its content and its occurrence, so the same journal
 * again changes nothing, and one that has grown adds what is new. A refused transaction stops nothing.
 *
 * The journal is read only as fast as its commands are answered: at most 2,000 of them or 4 MiB are under way, each
 * line at most 1 MiB. Broken connections, 429 and 503 are tried again, with the same keys.
 *
 * Given `source`, it answers a summary that names the refusals; given `input`, the command line's.
 *
 * @throws ImportFailure when the journal cannot be read or is not what hledger writes; what came before is posted.
 * @throws RequestRefused when the server takes none of it: a wrong token, a wrong address.
 * @throws ConnectionLost when the server cannot be reached, many times in a row (16 unless `retry` says otherwise).
 * @throws ProtocolError when its answers make no sense.
 * @throws AbortError, or the signal's own reason, when the signal fires.
 */
export function importHledger(options: ImportOptions): Promise<ImportSummary>
export function importHledger(options: NamedImportOptions): Promise<ImportLine>
export function importHledger(options: ImportOptions | NamedImportOptions): Promise<ImportSummary | ImportLine> {
  return 'source' in options ? importSource(options) : importNamed(options)
}

async function importSource(options: ImportOptions): Promise<ImportSummary> {
  const { source, book, commandUrl, token, progress, notice, signal, retry } = options
  const refused: Refusal[] = []
  const counts = await runImport({
    journal: { name: 'the journal', bytes: source, signal },
    book,
    commandsUrl: commandUrl,
    token: () => Promise.resolve(token),
    retry,
    onProgress: progress,
    onRefused: (refusal) => {
      if (refused.length < REFUSALS_MAX) refused.push(refusal)
    },
    onNotice: notice ?? (() => undefined),
  })
  const { transactions, posted, replayed, refused: refusedCount, position } = counts
  return { book, transactions, posted, replayed, refused, refusedCount, position: position.toString() }
}

async function importNamed(options: NamedImportOptions): Promise<ImportLine> {
  const { input, stdin, book, commandsUrl, token, onProgress, onNotice, signal } = options
  const counts = await runImport({
    journal: namedInput(input, stdin, signal),
    book,
    commandsUrl,
    token,
    onProgress: ({ posted, replayed, refused }) => onProgress?.(posted + replayed + refused),
    onRefused: ({ label, reason }) => onNotice(`refused: ${label}: ${reason}`),
    onNotice,
  })
  const { transactions, posted, replayed, refused, position } = counts
  return { book, transactions, imported: posted, replayed, refused, position: position.toString() }
}
