import fc from 'fast-check'
import { Progress } from './progress.js'

test('the checkpoint waits for the first event that is open, and then goes on over all that is done', () => {
  const progress = new Progress(4n)
  const [five, seven] = [progress.begin(5n), progress.begin(7n)]
  progress.pass(9n)
  expect(progress.underWay).toBe(2)
  seven()
  expect([progress.checkpoint, progress.open, progress.underWay]).toEqual([4n, 3, 1])
  five()
  expect([progress.checkpoint, progress.open, progress.underWay]).toEqual([9n, 0, 0])
})

test('what concerns nobody is passed at once, and takes no place', () => {
  const progress = new Progress(0n)
  for (let position = 10n; position <= 1_000n; position += 10n) progress.pass(position)
  expect([progress.checkpoint, progress.open]).toEqual([1_000n, 0])
  const done = progress.begin(1_001n)
  for (let position = 1_010n; position <= 2_000n; position += 10n) progress.pass(position)
  expect([progress.checkpoint, progress.open]).toEqual([1_000n, 2])
  done()
  expect(progress.checkpoint).toBe(2_000n)
})

test('in whatever order events are done, the checkpoint is the last seen position before the first open one', () => {
  const seen = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 5 }), isEvent: fc.boolean() }), { maxLength: 40 })
  fc.assert(
    fc.property(seen, fc.infiniteStream(fc.nat()), (steps, chance) => {
      const progress = new Progress(0n)
      const open = new Map<bigint, () => void>()
      const positions = [0n]
      const expectRight = (): void => {
        const first = [...open.keys()].reduce((a, b) => (a < b ? a : b), 1_000_000n)
        expect(progress.checkpoint).toBe(positions.filter((each) => each < first).at(-1))
      }
      const finishOne = (): void => {
        const keys = [...open.keys()]
        const key = keys[(chance.next().value as number) % keys.length]
        if (key === undefined) return
        open.get(key)?.()
        open.delete(key)
      }
      for (const { gap, isEvent } of steps) {
        const position = (positions.at(-1) ?? 0n) + BigInt(gap)
        positions.push(position)
        if (isEvent) open.set(position, progress.begin(position))
        else progress.pass(position)
        expectRight()
        if ((chance.next().value as number) % 2 === 0) finishOne()
        expectRight()
      }
      while (open.size > 0) finishOne()
      expect(progress.checkpoint).toBe(positions.at(-1))
    }),
  )
})
