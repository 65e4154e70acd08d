import { nextStep } from './merge-plan.js'
import { type StoredRun } from './run-store.js'
import { slicesOf } from './run.js'

const inForce = (level: number, last: number): StoredRun => ({
  level,
  last,
  id: `${level}/${last}`,
  slices: slicesOf(level),
})
const left = (level: number, last: number, slices: number): StoredRun => ({ level, last, id: undefined, slices })
/** So many runs, up to position 10, 20 and so on. */
const some = (level: number, count: number): StoredRun[] =>
  Array.from({ length: count }, (_, at) => inForce(level, (at + 1) * 10))

test('seven runs of a level stay', () => {
  expect(nextStep([])).toBeUndefined()
  expect(nextStep([...some(1, 7), ...some(0, 7).map((run) => ({ ...run, last: run.last + 100 }))])).toBeUndefined()
})

test('the oldest eight become one of the next level: slice by slice, then at once', () => {
  const sources = some(0, 8)
  const runs = [...sources, inForce(0, 90)]
  const target = { level: 1, last: 80 }
  expect(nextStep(runs)).toEqual({ kind: 'copy', target, sources, slice: 0 })
  expect(nextStep([...runs, left(1, 80, 7)])).toEqual({ kind: 'copy', target, sources, slice: 7 })
  expect(nextStep([...runs, left(1, 80, 8)])).toEqual({ kind: 'swap', target, sources })
})

test('what was merged is deleted, its last slice first, before anything else is merged', () => {
  const merged = [left(1, 10, 5), inForce(2, 80), ...some(0, 8).map((run) => ({ ...run, last: run.last + 100 }))]
  expect(nextStep(merged)).toMatchObject({ kind: 'forget', run: { level: 1, last: 10 }, slice: 4 })
})

test('small runs are merged first, and what is half made of large ones waits and is kept', () => {
  const large = some(1, 8)
  const small = some(0, 8).map((run) => ({ ...run, last: run.last + 100 }))
  expect(nextStep([...large, left(2, 80, 3), ...small])).toMatchObject({
    kind: 'copy',
    target: { level: 1, last: 180 },
  })
  expect(nextStep([...large, left(2, 80, 3)])).toMatchObject({ kind: 'copy', target: { level: 2, last: 80 }, slice: 3 })
})

test('what another merge would have made is no longer of use', () => {
  const runs = some(0, 8)
  expect(nextStep([...runs, left(1, 70, 2)])).toMatchObject({ kind: 'forget', run: { level: 1, last: 70 } })
})

test('the largest runs are never merged', () => {
  expect(nextStep(some(7, 20))).toBeUndefined()
})
