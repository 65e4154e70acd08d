import { type Commands, commandsByBook, seenOf, type Told } from './seen.js'

/** Each is acknowledged 4 ms after it was sent. */
const sent = (positions: readonly number[], acked_ms: readonly number[]): Commands => ({
  positions,
  sent_ms: acked_ms.map((ms) => ms - 4),
  acked_ms,
})
const sinceAcked_ms = (commands: Commands, told: Told): number[] =>
  seenOf(commands, told).map((each) => each.sinceAcked_ms)

test('commands by the book that they were sent to', () => {
  expect([...commandsByBook(sent([3, 5, 7], [100, 110, 120]), [4, 0, 4])]).toEqual([
    [4, { positions: [3, 7], sent_ms: [96, 116], acked_ms: [100, 120] }],
    [0, { positions: [5], sent_ms: [106], acked_ms: [110] }],
  ])
})

test('a command is seen with the message of its own position', () => {
  const told = { positions: [3, 7], received_ms: [105, 220] }
  expect(seenOf(sent([3, 7], [100, 200]), told)).toEqual([
    { sinceSent_ms: 9, sinceAcked_ms: 5 },
    { sinceSent_ms: 24, sinceAcked_ms: 20 },
  ])
})

test('commands whose changes were conflated are seen with the message that has them all', () => {
  const commands = sent([3, 5, 7], [100, 110, 120])
  expect(sinceAcked_ms(commands, { positions: [8], received_ms: [150] })).toEqual([50, 40, 30])
})

test('the first message that is far enough counts, not a later one, and no earlier one', () => {
  const told = { positions: [2, 4, 6, 9], received_ms: [101, 102, 103, 104] }
  expect(sinceAcked_ms(sent([5], [100]), told)).toEqual([3])
})

test('commands are acknowledged in any order', () => {
  expect(sinceAcked_ms(sent([7, 3], [200, 100]), { positions: [3, 7], received_ms: [105, 220] })).toEqual([5, 20])
})

test('what was seen before its sender knew was seen at once, and still some time after it was sent', () => {
  const told = { positions: [3], received_ms: [98] }
  expect(seenOf(sent([3], [100]), told)).toEqual([{ sinceSent_ms: 2, sinceAcked_ms: 0 }])
})

test('a command that no message has come for is not seen', () => {
  const commands = sent([3, 7], [100, 200])
  expect(sinceAcked_ms(commands, { positions: [3, 6], received_ms: [105, 220] })).toEqual([5])
  expect(seenOf(commands, { positions: [], received_ms: [] })).toEqual([])
})
