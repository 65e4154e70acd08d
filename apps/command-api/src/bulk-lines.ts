import { isUtf8 } from 'node:buffer'
import { BODY_BYTES_MAX, Problem, utf8Of } from '#runtime'

/** The text of a line, or why it has none. */
export type Line = string | Problem

const NEWLINE = 0x0a
/** Pieces of one line that are kept apart: joined with each that comes, a line in small pieces would be copied as often. */
const PIECES_MAX = 1_000

/**
 * Lines of a stream of bytes, those that came together in one list; one longer than 1 MiB ends it. Holds one line at a time
 * beyond what came last. @throws Problem
 */
export async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  let rest: Buffer[] = []
  let rest_bytes = 0
  for await (const piece of source) {
    const end = piece.lastIndexOf(NEWLINE)
    const lines = end < 0 ? [] : textsOf(Buffer.concat([...rest, piece.subarray(0, end)]))
    if (end >= 0) [rest, rest_bytes] = [[], 0]
    else if (rest.length === PIECES_MAX) rest = [Buffer.concat(rest)]
    const begun = piece.subarray(end + 1)
    rest.push(begun)
    rest_bytes += begun.length
    const good = lines.findIndex(isTooLong)
    yield (good < 0 ? lines : lines.slice(0, good)).filter(isFilled)
    if (good >= 0 || rest_bytes > BODY_BYTES_MAX)
      throw Problem.of('body-too-large', 'a line is at most 1 MiB; nothing after it was read')
  }
  yield textsOf(Buffer.concat(rest)).filter(isFilled)
}

/** Decoded together when nothing in them is broken: no byte of a longer character is a newline. */
function textsOf(lines: Buffer): readonly Line[] {
  if (isUtf8(lines)) return lines.toString('utf8').split('\n')
  const texts: Line[] = []
  for (let at = 0; at <= lines.length;) {
    const newline = lines.indexOf(NEWLINE, at)
    const end = newline < 0 ? lines.length : newline
    texts.push(textOf(lines.subarray(at, end)))
    at = end + 1
  }
  return texts
}

function textOf(line: Buffer): Line {
  try {
    return utf8Of(line, 'line')
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

const isFilled = (line: Line): boolean => line instanceof Problem || line.trim() !== ''

/** UTF-8 takes at most 3 bytes for what UTF-16 counts as one. */
const isTooLong = (line: Line): boolean =>
  typeof line === 'string' &&
  line.length > BODY_BYTES_MAX / 3 &&
  (line.length > BODY_BYTES_MAX || Buffer.byteLength(line) > BODY_BYTES_MAX)
