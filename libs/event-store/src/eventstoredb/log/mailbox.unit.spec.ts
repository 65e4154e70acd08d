import { setImmediate as nextTurn } from 'node:timers/promises'
import { type RecordedEvent } from '#domain-kit'
import { Mailbox } from './mailbox.js'

const event = (position: number): RecordedEvent => ({ position: BigInt(position) }) as RecordedEvent
const valves: boolean[] = []
let mailbox: Mailbox
beforeEach(() => {
  valves.length = 0
  mailbox = new Mailbox(5n, (isShut) => valves.push(isShut))
})

test('what came together is taken together, up to the most asked for', async () => {
  const asked = mailbox.take(3, 1_000)
  for (const position of [6, 8, 9, 12]) mailbox.put(event(position))
  expect(await asked).toEqual({ events: [6, 8, 9].map(event), position: 9n })
  expect(await mailbox.take(3, 1_000)).toEqual({ events: [event(12)], position: 12n })
})

test('a position that moves on without events is told', async () => {
  const asked = mailbox.take(3, 1_000)
  mailbox.reach(40n)
  expect(await asked).toEqual({ events: [], position: 40n })
  mailbox.reach(30n)
  expect(await mailbox.take(3, 1)).toEqual({ events: [], position: 40n })
})

test('a position that was reached before is no news', async () => {
  let isTold = false
  const asked = mailbox.take(3, 60_000).then((taken) => {
    isTold = true
    return taken
  })
  mailbox.reach(5n)
  await nextTurn()
  await nextTurn()
  expect(isTold).toBe(false)
  mailbox.reach(6n)
  expect(await asked).toEqual({ events: [], position: 6n })
})

test('a position that has moved on while nobody asked is told at once', async () => {
  mailbox.put(event(6))
  expect(await mailbox.take(3, 60_000)).toEqual({ events: [event(6)], position: 6n })
  mailbox.reach(40n)
  expect(await mailbox.take(3, 60_000)).toEqual({ events: [], position: 40n })
})

test('the end comes after what was there', async () => {
  mailbox.put(event(6))
  mailbox.end()
  expect(await mailbox.take(3, 1_000)).toEqual({ events: [event(6)], position: 6n })
  expect(await mailbox.take(3, 1_000)).toBeUndefined()
})

test('the server is held back beyond the bound, and let go on when most was taken', async () => {
  for (let at = 0; at < 4_000; at += 1) mailbox.put(event(6 + at))
  expect(valves).toEqual([true])
  await mailbox.take(3_500, 1)
  expect(valves).toEqual([true, false])
})

test('large events hold it back as many small ones do', async () => {
  const large = (position: number): RecordedEvent => ({
    ...event(position),
    data: { text: 'x'.repeat(1_000_000) },
    metadata: {},
  })
  for (let at = 0; at < 40; at += 1) mailbox.put(large(6 + at))
  expect(valves).toEqual([true])
  await mailbox.take(35, 1)
  expect(valves).toEqual([true])
  await mailbox.take(1, 1)
  expect(valves).toEqual([true, false])
  for (let at = 0; at < 14; at += 1) mailbox.put(large(100 + at))
  expect(valves).toEqual([true, false, true])
})
