import { StringDecoder } from 'node:string_decoder'
import { BODY_BYTES_MAX, Problem } from '#runtime'

/** Lines of a stream of bytes; one longer than 1 MiB ends it. Holds one line at a time. @throws Problem */
export async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const piece of source) {
    rest += decoder.write(piece)
    let from = 0
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', from)) {
      const line = rest.slice(from, end)
      from = end + 1
      if (Buffer.byteLength(line) > BODY_BYTES_MAX) throw tooLong()
      if (line.trim() !== '') yield line
    }
    rest = rest.slice(from)
    if (rest.length > BODY_BYTES_MAX) throw tooLong()
  }
  rest += decoder.end()
  if (rest.trim() !== '') yield rest
}

function tooLong(): Problem {
  return Problem.of('body-too-large', 'a line is at most 1 MiB; nothing after it was read')
}
