import { LOCKS } from './locks.js'

test('no two purposes wait for each other', () => {
  const numbers = Object.values(LOCKS)
  expect(new Set(numbers).size).toBe(numbers.length)
})
