import { type Asked, pauseBefore } from './pauses.js'

const quiet: Asked = { asked_ms: 0, learned_ms: 0, failures: 0, haste: 'none', hurried_ms: 0 }

/** When it is asked, if nothing else happens from `from_ms` on until `to_ms`. */
function askedAt(asked: Asked, from_ms: number, to_ms: number): number[] {
  const times: number[] = []
  let state = asked
  for (let now_ms = from_ms; now_ms <= to_ms; now_ms += 1)
    if (pauseBefore(state, now_ms) <= 0) {
      times.push(now_ms)
      state = { ...state, asked_ms: now_ms }
    }
  return times
}

test('a replica that nobody waits for is asked now and then, one that answers queries less often', () => {
  expect(askedAt(quiet, 1, 1_000)).toEqual([250, 500, 750, 1_000])
  expect(pauseBefore({ ...quiet, learned_ms: 200 }, 250)).toBe(200)
  expect(pauseBefore({ ...quiet, learned_ms: 990 }, 1_000)).toBe(0)
})

test('what a projector has committed is looked for at once, and then less and less often', () => {
  const due: Asked = { ...quiet, haste: 'due', hurried_ms: 100 }
  expect(askedAt(due, 100, 160)).toEqual([100, 102, 104, 108, 116, 132])
})

test('what nobody has been heard to commit is looked for, too, but not as often', () => {
  const some: Asked = { ...quiet, haste: 'some', hurried_ms: 100 }
  const times = askedAt(some, 100, 200)
  expect(times.slice(0, 3)).toEqual([100, 115, 130])
  expect(times.length).toBeLessThan(askedAt({ ...some, haste: 'due' }, 100, 200).length)
})

test('one that is away is tried again after longer and longer pauses, whoever waits', () => {
  const pauses = [1, 2, 3, 10, 50].map((failures) => pauseBefore({ ...quiet, failures, haste: 'due' }, 0))
  expect(pauses).toEqual([100, 200, 400, 2_000, 2_000])
})
