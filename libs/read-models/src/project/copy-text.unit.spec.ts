import fc from 'fast-check'
import { CopyText } from './copy-text.js'

/** As the server reads it. */
function parsed(bytes: Buffer): (string | null)[][] {
  const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
  const lines = bytes.toString('utf8').split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) =>
    line
      .split('\t')
      .map((field) =>
        field === '\\N' ? null : field.replaceAll(/\\(.)/g, (_, letter: string) => letters[letter] ?? letter),
      ),
  )
}

const written = (rows: readonly (readonly (string | null)[])[]): Buffer => {
  const copy = new CopyText(16)
  for (const row of rows) {
    for (const field of row) copy.field(field)
    copy.row()
  }
  return copy.written
}

const awkward = fc.string({
  unit: fc.constantFrom('a', '\\', '\n', '\r', '\t', 'N', 'é', '漢', '😀', '"', '\u007f'),
  maxLength: 300,
})
const field = fc.option(fc.oneof(awkward, fc.string({ unit: 'binary', maxLength: 300 })))
const rows = fc.array(fc.array(field, { minLength: 1, maxLength: 8 }), { maxLength: 40 })

test('what is written is read as it was, whatever is in it', () => {
  fc.assert(fc.property(rows, (all) => expect(parsed(written(all))).toEqual(all)))
})

test('more than it has room for at first', () => {
  const all = Array.from({ length: 3_000 }, (_, at) => [`${at}`, 'x'.repeat(at % 200), null])
  expect(parsed(written(all))).toEqual(all)
})
