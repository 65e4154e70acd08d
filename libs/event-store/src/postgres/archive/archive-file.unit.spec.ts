import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { all } from '../../contract/requests.js'
import { readArchive, writeArchive } from './archive-file.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-archive-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function writtenAndRead(lines: readonly string[]): Promise<string[]> {
  const file = join(folder, 'some.ndjson.gz')
  const pages = async function* (): AsyncGenerator<readonly string[]> {
    yield await Promise.resolve(lines)
  }
  await writeArchive(file, pages())
  return all(readArchive(file))
}

test.each([
  ['a carriage return', 'a\rb'],
  ['a line separator', 'a\u2028b'],
  ['a paragraph separator', 'a\u2029b'],
  ['a next line', 'a\u0085b'],
  ['a form feed', 'a\fb'],
])('%s ends no line', async (_, line) => {
  expect(await writtenAndRead([line, 'next'])).toEqual([line, 'next'])
})

test('characters of several bytes and long lines survive the pieces in which a file is read', async () => {
  const line = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .map((text) => text.replaceAll('\n', '').repeat(20_000) + '☕')
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 5 }), async (lines) => {
      expect(await writtenAndRead(lines)).toEqual(lines)
    }),
    { numRuns: 30 },
  )
})

test('nobody else may read what is written', async () => {
  await writtenAndRead(['one'])
  const { mode } = await stat(join(folder, 'some.ndjson.gz'))
  expect(mode & 0o077).toBe(0)
})

test('a newline ends a line, and so does the end of the file', async () => {
  const file = join(folder, 'some.ndjson.gz')
  await writeFile(file, gzipSync('one\n\nthree'))
  expect(await all(readArchive(file))).toEqual(['one', '', 'three'])
})
