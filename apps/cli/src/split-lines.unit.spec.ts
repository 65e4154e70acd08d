import { splitLines } from './split-lines.js'

async function* piecesOf(...pieces: readonly string[]): AsyncGenerator<string> {
  for (const piece of pieces) yield await Promise.resolve(piece)
}
async function linesOf(pieces: AsyncIterable<string>, chars_max = 10): Promise<unknown[]> {
  const lines: unknown[] = []
  for await (const { line, unfinished } of splitLines(pieces, chars_max)) lines.push(unfinished ? [line] : line)
  return lines
}

test('lines are put together from pieces, and what has no end is told apart', async () => {
  expect(await linesOf(piecesOf('a', 'b\nc\n\nd\u2028', 'e\nf'))).toEqual(['ab', 'c', '', 'd\u2028e', ['f']])
  expect(await linesOf(piecesOf('a\n'))).toEqual(['a'])
})

test('who never ends a line is not listened to for ever', async () => {
  let pieces = 0
  async function* endless(): AsyncGenerator<string> {
    for (;;) {
      pieces += 1
      yield await Promise.resolve('abc')
    }
  }
  await expect(linesOf(endless())).rejects.toThrow('a line is longer than 10 characters')
  expect(pieces).toBe(4)
})
