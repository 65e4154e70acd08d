import { bestOf, lessBusyOfTwo, type Standing } from './choose.js'

const replica = (inFlight: number, standing: Standing = 'ready') => ({ inFlight, standing })

test('of two the less busy one is chosen, whichever comes first', () => {
  const [idle, busy] = [replica(0), replica(9)]
  for (const random of [() => 0, () => 0.99]) {
    expect(lessBusyOfTwo([idle, busy], random)).toBe(idle)
    expect(lessBusyOfTwo([busy, idle], random)).toBe(idle)
  }
})

test('of none there is none, and one is that one', () => {
  const only = replica(100)
  const none: readonly (typeof only)[] = []
  expect(lessBusyOfTwo(none)).toBeUndefined()
  expect(lessBusyOfTwo([only])).toBe(only)
})

test('two different ones are compared, and every pair can come up', () => {
  const all = [replica(3), replica(2), replica(1), replica(0)]
  const numbers = Array.from({ length: 20 }, (_, at) => at / 20)
  const chosen = numbers.flatMap((first) =>
    numbers.map((second) => {
      const given = [first, second]
      return lessBusyOfTwo(all, () => given.shift() ?? 0)
    }),
  )
  // The busiest loses against each of the others.
  expect(new Set(chosen)).toEqual(new Set(all.slice(1)))
})

test('the best standing that is left counts, and somebody is always left', () => {
  const [ready, lagging, away] = [replica(0), replica(0, 'lagging'), replica(0, 'away')]
  expect(bestOf([away, lagging, ready])).toEqual([ready])
  expect(bestOf([away, lagging])).toEqual([lagging])
  expect(bestOf([away])).toEqual([away])
})
