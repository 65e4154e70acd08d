import { StringDecoder } from 'node:string_decoder'
import { BODY_BYTES_MAX, Problem } from '#runtime'

/**
 * Lines of a stream of bytes, those that came together in one list; one longer than 1 MiB ends it. Holds one line at a time
 * beyond what came last. @throws Problem
 */
export async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const piece of source) {
    const parts = (rest + decoder.write(piece)).split('\n')
    rest = parts.pop() ?? ''
    const good = parts.findIndex(isTooLong)
    yield (good < 0 ? parts : parts.slice(0, good)).filter(isFilled)
    if (good >= 0 || isTooLong(rest))
      throw Problem.of('body-too-large', 'a line is at most 1 MiB; nothing after it was read')
  }
  yield [rest + decoder.end()].filter(isFilled)
}

const isFilled = (line: string): boolean => line.trim() !== ''

/** UTF-8 takes at most 3 bytes for what UTF-16 counts as one. */
const isTooLong = (line: string): boolean =>
  line.length > BODY_BYTES_MAX / 3 && (line.length > BODY_BYTES_MAX || Buffer.byteLength(line) > BODY_BYTES_MAX)
