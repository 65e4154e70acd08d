import fc from 'fast-check'
import { Problem } from '#runtime'
import { type Line, linesOf } from './bulk-lines.js'

async function read(...pieces: readonly (string | Buffer)[]): Promise<{ lines: Line[]; problem: Problem | undefined }> {
  async function* source(): AsyncGenerator<Buffer> {
    for (const each of pieces) yield await Promise.resolve(Buffer.from(each))
  }
  const lines: Line[] = []
  try {
    for await (const together of linesOf(source())) lines.push(...together)
  } catch (error) {
    if (error instanceof Problem) return { lines, problem: error }
    throw error
  }
  return { lines, problem: undefined }
}

const MIB = 1_048_576

test('lines are those of the text, however it was cut into pieces', async () => {
  const text = fc.array(fc.string({ unit: 'grapheme' }).map((each) => each.replaceAll('\n', ' ')))
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat()), async (all, cuts) => {
      const bytes = Buffer.from(all.join('\n'))
      const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
      const { lines } = await read(...pieces)
      expect(lines).toEqual(
        bytes
          .toString()
          .split('\n')
          .filter((each) => each.trim() !== ''),
      )
    }),
  )
})

test('a line may come in any number of pieces', async () => {
  const line = Array.from({ length: 2_500 }, (_, at) => String(at % 10))
  expect((await read(...line, '\nb\n', ...line)).lines).toEqual([line.join(''), 'b', line.join('')])
})

test('the last line need not end', async () => {
  expect((await read('a\nb')).lines).toEqual(['a', 'b'])
  expect((await read('a\nb\n\n \n')).lines).toEqual(['a', 'b'])
})

test('a line of 1 MiB is read, in bytes; a longer one ends everything, and those before it are read', async () => {
  const longest = 'é'.repeat(MIB / 2)
  expect((await read(`a\n${longest}\nb\n`)).lines).toEqual(['a', longest, 'b'])
  const { lines, problem } = await read(`a\nb\n${longest}x\nc\n`)
  expect(lines).toEqual(['a', 'b'])
  expect(problem?.code).toBe('body-too-large')
})

test('a line that does not end is not kept for ever', async () => {
  const { problem } = await read('x'.repeat(MIB), 'x', 'x'.repeat(MIB))
  expect(problem?.code).toBe('body-too-large')
})

test('a line with broken bytes is refused by itself, wherever the pieces were cut', async () => {
  const sent = Buffer.concat([Buffer.from('a\n{"ä":"'), Buffer.from([0xe2, 0x82]), Buffer.from('"}\n\né\n\ufffd')])
  for (let at = 0; at <= sent.length; at += 1) {
    const { lines } = await read(sent.subarray(0, at), sent.subarray(at))
    const [first, broken, ...others] = lines
    expect([first, ...others]).toEqual(['a', 'é', '\ufffd'])
    expect(broken).toMatchObject({ code: 'malformed-json', errors: [{ field: 'line', rule: 'utf-8' }] })
  }
})
