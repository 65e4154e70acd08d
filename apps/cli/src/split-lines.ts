/**
 * The lines of a text that arrives in pieces, ended by `\n` alone: `readline` would also split at U+2028, which may
 * stand unescaped in JSON. Text after the last newline is handed on as `unfinished`, so that an answer that was cut
 * in the middle is not taken for a whole one.
 *
 * @param chars_max longest line in characters.
 * @throws RangeError when a line is longer.
 */
export async function* splitLines(
  pieces: AsyncIterable<string>,
  chars_max: number,
): AsyncGenerator<{ readonly line: string; readonly unfinished: boolean }> {
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield { line, unfinished: false }
    if (rest.length > chars_max) throw new RangeError(`a line is longer than ${chars_max} characters`)
  }
  if (rest !== '') yield { line: rest, unfinished: true }
}
