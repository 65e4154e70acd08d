import { Roll } from './roll.js'

const called = (...calls: readonly Readonly<Record<string, number | null>>[]): Roll => {
  const roll = new Roll()
  roll.mean(2)
  for (const each of calls)
    roll.call(
      Object.entries(each).map(([id, pid]) => ({ id, pid })),
      'then',
    )
  return roll
}

test('who is there under the same pid, or was killed, is as it should be', () => {
  expect(called({ a: 1, b: 2 }, { a: 1, b: 2 }, { a: 1, b: null }, { a: 1, b: 3 }, { a: 1, b: 3 }).unexpected).toEqual(
    [],
  )
})

test('another pid is an exit, whether or not the gap was seen; so is a second after the one that was meant', () => {
  expect(called({ a: 1, b: 2 }, { a: 4, b: 2 }).unexpected).toEqual(['a, process 1, has ended by itself then'])
  expect(called({ a: 1 }, { a: null }, { a: 4 }).unexpected).toHaveLength(1)
  expect(called({ b: 2 }, { b: 3 }, { b: 4 }).unexpected).toEqual(['b, process 3, has ended by itself then'])
})
