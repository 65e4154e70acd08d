import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { parse } from 'lossless-json'
import { ImportFailure } from './import-failure.js'
import { type JournalTransaction } from './journal-transaction.js'
import { ShapeError } from './read-shape.js'
import { readTransaction } from './read-transaction.js'
import { runHledger } from './run-hledger.js'
import { type ArrayItem, ArraySplitter, placeText, placeWithin } from './split-array.js'

/** What the first character that is not blank says: these can start JSON and cannot start a journal. */
const JSON_STARTS = new Set(['[', '{', '"'])

export interface JournalInput {
  /** A path, or `-` for standard input. */
  readonly input: string
  readonly stdin: Readable
  readonly signal?: AbortSignal | undefined
}

/**
 * The transactions of `hledger print -O json`, in order, one in memory at a time. A plain journal goes through an
 * installed hledger first. Numbers are taken digit by digit, never through a float.
 *
 * @throws ImportFailure naming the place, for whatever is not that JSON: cut off, no array, a value of the wrong shape.
 */
export async function* readJournal(source: JournalInput): AsyncGenerator<JournalTransaction> {
  const name = source.input === '-' ? 'standard input' : source.input
  try {
    const splitter = new ArraySplitter()
    for await (const piece of decode(openJson(source))) for (const item of splitter.push(piece)) yield readItem(item)
    splitter.end()
  } catch (error) {
    if (error instanceof ImportFailure) throw new ImportFailure(`${name}: ${error.message}`)
    if (isFileError(error)) throw new ImportFailure(`${name} cannot be read: ${error.message}`)
    throw error
  }
}

/** The bytes of the JSON, whether the input holds it already or is a journal for hledger. */
async function* openJson({ input, stdin, signal }: JournalInput): AsyncGenerator<Uint8Array> {
  const bytes = (input === '-' ? stdin : createReadStream(input))[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  const head: Uint8Array[] = []
  let start = ''
  while (start === '') {
    const { done, value }: IteratorResult<Uint8Array, undefined> = await bytes.next()
    if (done === true) break
    head.push(value)
    // Trimming takes a byte order mark away too.
    start = Buffer.from(value).toString('utf8').trimStart().charAt(0)
    // Blank pieces say nothing and mean nothing in either format; keeping them would be without a bound.
    if (start === '') head.pop()
  }
  if (start === '') throw new ImportFailure('the input is empty: no JSON array was found')
  if (JSON_STARTS.has(start)) yield* chain(head, bytes)
  else if (input === '-') yield* runHledger(input, Readable.from(chain(head, bytes)), signal)
  else {
    await bytes.return?.()
    yield* runHledger(input, undefined, signal)
  }
}

async function* chain(head: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* head
    yield* { [Symbol.asyncIterator]: () => rest }
  } finally {
    await rest.return?.()
  }
}

async function* decode(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let offset = 0
  const piece = (part?: Uint8Array): string => {
    try {
      return decoder.decode(part, { stream: part !== undefined })
    } catch {
      throw new ImportFailure(`bytes ${offset}-${offset + (part?.length ?? 0)}: the text is not UTF-8`)
    }
  }
  for await (const part of bytes) {
    yield piece(part)
    offset += part.length
  }
  yield piece()
}

function readItem(item: ArrayItem): JournalTransaction {
  try {
    return readTransaction(parse(item.text))
  } catch (error) {
    const transaction = `transaction ${item.index + 1}`
    if (error instanceof ShapeError) {
      throw new ImportFailure(`${placeText(item.place)}, ${transaction}: ${error.message}`)
    }
    // RangeError: brackets nested beyond the parser's stack.
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error
    const offset = Number(/position (\d+)/.exec(error.message)?.[1] ?? 0)
    const place = placeWithin(item.place, item.text, offset)
    throw new ImportFailure(`${placeText(place)}, ${transaction}: ${error.message.replace(/ at position \d+$/, '')}`)
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error
}
