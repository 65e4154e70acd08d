import { arrayText, literal } from './sql-values.js'

test('an array is written as Postgres reads it: every element quoted, what must be escaped, no value as NULL', () => {
  expect(arrayText([])).toBe('{}')
  expect(arrayText(['a', null, '', 'NULL', 'x,y', '{z}'])).toBe('{"a",NULL,"","NULL","x,y","{z}"}')
  expect(arrayText(['say "no"', 'back\\slash'])).toBe('{"say \\"no\\"","back\\\\slash"}')
})

test('a literal ends where its text ends', () => {
  expect(literal("it's; drop table x --")).toBe("'it''s; drop table x --'")
  expect(literal('back\\slash')).toBe("'back\\slash'")
  expect(() => literal('a\0b')).toThrow('U+0000')
})
