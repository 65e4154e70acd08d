import { parse } from 'lossless-json'
import { ImportFailure } from './import-failure.js'
import { type JournalTransaction } from './journal-transaction.js'
import { type JournalInput, openJournal } from './open-journal.js'
import { ShapeError } from './read-shape.js'
import { readTransaction } from './read-transaction.js'
import { type ArrayItem, ArraySplitter, placeText, placeWithin } from './split-array.js'

/**
 * The transactions of `hledger print -O json`, in order, one in memory at a time. A plain journal goes through an
 * installed hledger first. Numbers are taken digit by digit, never through a float.
 *
 * @throws ImportFailure naming the place, for whatever is not that JSON: cut off, no array, a value of the wrong shape.
 * @throws the signal's reason when it fires.
 */
export async function* readJournal(input: JournalInput): AsyncGenerator<JournalTransaction> {
  try {
    const splitter = new ArraySplitter()
    for await (const piece of decode(openJournal(input))) for (const item of splitter.push(piece)) yield readItem(item)
    splitter.end()
  } catch (error) {
    if (error instanceof ImportFailure) throw new ImportFailure(`${input.name}: ${error.message}`)
    if (isFileError(error)) throw new ImportFailure(`${input.name} cannot be read: ${error.message}`)
    throw error
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
  return typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error
}
