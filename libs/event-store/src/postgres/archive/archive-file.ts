import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StringDecoder } from 'node:string_decoder'
import { createGunzip, createGzip } from 'node:zlib'

/** What the lines of an archive are, whoever wrote or reads them. */
export interface Content {
  readonly lines: number
  /** SHA-256 of the lines, hex. */
  readonly digest: string
}

/** Writes lines, compressed, to a file that is there whole and on the disk, or not at all, and that nobody else may read. */
export async function writeArchive(file: string, lines: AsyncIterable<readonly string[]>): Promise<Content> {
  const hash = createHash('sha256')
  let count = 0
  const chunks = async function* (): AsyncGenerator<string> {
    for await (const some of lines) {
      const text = some.map((line) => `${line}\n`).join('')
      hash.update(text)
      count += some.length
      yield text
    }
  }
  const part = `${file}.part`
  await pipeline(Readable.from(chunks()), createGzip(), createWriteStream(part, { mode: 0o600 }))
  await flush(part)
  await rename(part, file)
  await flush(dirname(file))
  return { lines: count, digest: hash.digest('hex') }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * The lines of an archive, one at a time. Only a newline ends one: JSON may hold whatever else ends a line for somebody (Node's
 * `readline` also divides at a carriage return and, since version 24, at U+2028 and U+2029).
 *
 * @throws Error when the file cannot be read or is damaged.
 */
export async function* readArchive(file: string): AsyncGenerator<string> {
  const plain = new PassThrough()
  const reading = pipeline(createReadStream(file), createGunzip(), plain)
  // A damaged file ends the lines early; what is wrong with it is thrown below.
  reading.catch(() => undefined)
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const piece of plain as AsyncIterable<Buffer>) {
    const parts = (rest + decoder.write(piece)).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  await reading
  rest += decoder.end()
  if (rest !== '') yield rest
}

/** What `sha256sum` says of the file. */
export async function checksumOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/**
 * Reads an archive back.
 *
 * @param use is given each line in turn.
 * @throws Error unless it holds exactly the events of these positions, in order; and whatever `use` throws.
 */
export async function checkArchive(
  file: string,
  first: number,
  last: number,
  use: (line: string) => Promise<void> | void,
): Promise<Content> {
  const hash = createHash('sha256')
  let position = first
  for await (const line of readArchive(file)) {
    if (!line.startsWith(`{"position":"${position}",`))
      throw new Error(`${file} has something else in the place of the event at ${position}`)
    hash.update(`${line}\n`)
    await use(line)
    position += 1
  }
  if (position !== last + 1) throw new Error(`${file} ends before position ${position}, not after ${last}`)
  return { lines: position - first, digest: hash.digest('hex') }
}
