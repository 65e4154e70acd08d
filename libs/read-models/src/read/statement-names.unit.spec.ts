import { nameOfStatement } from './statement-names.js'

test('one name a text, and no name for more texts than connections should keep', () => {
  const first = nameOfStatement('select 1')
  expect(first).toBeDefined()
  expect(nameOfStatement('select 1')).toBe(first)
  const names = Array.from({ length: 600 }, (_, at) => nameOfStatement(`select 1 -- ${at}`))
  const given = names.filter((name) => name !== undefined)
  expect(given.length).toBe(499)
  expect(new Set([first, ...given]).size).toBe(500)
  expect(nameOfStatement('select 1')).toBe(first)
})
