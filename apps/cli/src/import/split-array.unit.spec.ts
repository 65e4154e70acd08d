import fc from 'fast-check'
import { ArraySplitter, placeWithin } from './split-array.js'

/** The texts of the items of an array that arrives in these pieces. */
function split(...pieces: string[]): string[] {
  const splitter = new ArraySplitter()
  const found = pieces.flatMap((piece) => [...splitter.push(piece)].map(({ text }) => text))
  splitter.end()
  return found
}

test('any array, cut anywhere, gives the same items', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.nat(3), fc.integer({ min: 1, max: 9 }), (values, indent, size) => {
      const text = JSON.stringify(values, undefined, indent)
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        text.slice(i * size, (i + 1) * size),
      )
      expect(split(...pieces).map((item) => JSON.parse(item) as unknown)).toEqual(JSON.parse(text))
    }),
  )
})

test('brackets, commas and quotes inside strings are text', () => {
  expect(split('["],[", {"a": "\\"}],"}]')).toEqual(['"],["', '{"a": "\\"}],"}'])
})

test('an empty array has no items', () => expect(split(' [ \n] ')).toEqual([]))

test.each([
  ['', /empty/],
  ['{"a":1}', /line 1, column 1 .*expected a JSON array/],
  ['[{},\n,{}]', /line 2, column 1 .*expected transaction 2/],
  ['[{},]', /expected transaction 2/],
  ['[{}]\n[]', /line 2, column 1 .*more after the end/],
  ['[{},{"a":', /cut off/],
  ['[{}', /in transaction 1; it was cut off/],
])('%j is refused, and the place is named', (text, message) => expect(() => split(text)).toThrow(message))

test('an item beyond 8 Mi characters is refused while it arrives', () => {
  const splitter = new ArraySplitter()
  const piece = 'x'.repeat(1024 * 1024)
  const feed = (): void => {
    for (const each of ['["', ...Array<string>(9).fill(piece)]) for (const _ of splitter.push(each));
  }
  expect(feed).toThrow(/transaction 1 is longer than 8388608 characters/)
})

test('a place within an item counts its lines', () => {
  const start = { character: 11, line: 2, column: 5 }
  expect(placeWithin(start, 'ab\ncd', 1)).toEqual({ character: 12, line: 2, column: 6 })
  expect(placeWithin(start, 'ab\ncd', 4)).toEqual({ character: 15, line: 3, column: 2 })
})
