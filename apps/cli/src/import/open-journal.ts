import { createReadStream } from 'node:fs'
import { ImportFailure } from './import-failure.js'
import { runHledger } from './run-hledger.js'
import { untilAborted } from './until-aborted.js'

/** Where a journal comes from. */
export interface JournalInput {
  /** What messages call it: a path, `standard input`. */
  readonly name: string
  readonly bytes: AsyncIterable<Uint8Array>
  /** Its path, if it is a file: hledger is then given the path in place of the bytes, so that `include`s are found. */
  readonly file?: string
  readonly signal?: AbortSignal | undefined
}

/** What the first character that is not blank says: these can start JSON and cannot start a journal. */
const JSON_STARTS = new Set(['[', '{', '"'])
const BLANKS = /^\uFEFF?[ \t\r\n]*/

/** The input that a command line names: a path, or `-` for standard input. Nothing is opened before it is read. */
export function namedInput(input: string, stdin: AsyncIterable<Uint8Array>, signal?: AbortSignal): JournalInput {
  if (input === '-') return { name: 'standard input', bytes: stdin, signal }
  return { name: input, bytes: fileBytes(input), file: input, signal }
}

async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>
}

/**
 * The bytes of the JSON, whether the input holds it already or is a journal for hledger. Holds one piece at a time.
 *
 * @throws ImportFailure when there is nothing but blanks, or hledger is needed and not there.
 * @throws the signal's reason when it fires.
 */
export async function* openJournal({ bytes, file, signal }: JournalInput): AsyncGenerator<Uint8Array> {
  const stop = new AbortController()
  const pieces = untilAborted(bytes, signal ? AbortSignal.any([signal, stop.signal]) : stop.signal)
  try {
    const { head, start } = await readHead(pieces)
    if (start === '') throw new ImportFailure('the input is empty: no JSON array was found')
    if (JSON_STARTS.has(start)) yield* chain(head, pieces)
    else if (file === undefined) yield* runHledger({ journal: chain(head, pieces), signal })
    else {
      await pieces.return(undefined)
      yield* runHledger({ file, signal })
    }
  } finally {
    // A source that is silent would hold up its own end for ever: think of a terminal, and hledger not installed.
    stop.abort()
    await pieces.return(undefined)
  }
}

/** Reads up to the first character that is not blank. Blank pieces say nothing in either format and are dropped. */
async function readHead(pieces: AsyncGenerator<Uint8Array>): Promise<{ head: Uint8Array[]; start: string }> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const head: Uint8Array[] = []
  let text = ''
  for (;;) {
    const { done, value } = (await pieces.next()) as IteratorResult<Uint8Array, undefined>
    // At the end of the input, what is still missing bytes is a character too: one that is not UTF-8.
    text = (text + decoder.decode(value, { stream: done !== true })).replace(BLANKS, '')
    if (text !== '' || done === true) return { head: value ? [...head, value] : head, start: text.charAt(0) }
    // A piece that ends inside a character, such as half a byte order mark, is not blank although nothing shows yet.
    if (!/^[ \t\r\n]*$/.test(Buffer.from(value).toString('latin1'))) head.push(value)
  }
}

async function* chain(head: readonly Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* head
  yield* rest
}
