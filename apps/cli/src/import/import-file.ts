import { importHledger } from './import-hledger.js'
import { namedInput } from './open-journal.js'

/** An import by somebody at a terminal. */
export interface FileImport {
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

/** Imports what a command line names and says each refusal. See {@link importHledger} for what it throws. */
export async function importFile(options: FileImport): Promise<ImportLine> {
  const { input, stdin, book, commandsUrl, token, onProgress, onNotice, signal } = options
  const counts = await importHledger({
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
