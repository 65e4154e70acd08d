import { seenAfter_ms, sentByBook } from './seen.js'

test('commands by the book that they were sent to', () => {
  const sent = { positions: [3, 5, 7], sent_ms: [100, 110, 120] }
  expect([...sentByBook(sent, [4, 0, 4])]).toEqual([
    [4, { positions: [3, 7], sent_ms: [100, 120] }],
    [0, { positions: [5], sent_ms: [110] }],
  ])
})

test('a command is seen with the message of its own position', () => {
  const sent = { positions: [3, 7], sent_ms: [100, 200] }
  expect(seenAfter_ms(sent, { positions: [3, 7], received_ms: [105, 220] })).toEqual([5, 20])
})

test('commands whose changes were conflated are seen with the message that has them all', () => {
  const sent = { positions: [3, 5, 7], sent_ms: [100, 110, 120] }
  expect(seenAfter_ms(sent, { positions: [8], received_ms: [150] })).toEqual([50, 40, 30])
})

test('the first message that is far enough counts, not a later one, and no earlier one', () => {
  const sent = { positions: [5], sent_ms: [100] }
  expect(seenAfter_ms(sent, { positions: [2, 4, 6, 9], received_ms: [101, 102, 103, 104] })).toEqual([3])
})

test('commands are acknowledged in any order', () => {
  const sent = { positions: [7, 3], sent_ms: [200, 100] }
  expect(seenAfter_ms(sent, { positions: [3, 7], received_ms: [105, 220] })).toEqual([5, 20])
})

test('what was seen before its sender knew was seen at once', () => {
  expect(seenAfter_ms({ positions: [3], sent_ms: [100] }, { positions: [3], received_ms: [90] })).toEqual([0])
})

test('a command that no message has come for is not seen', () => {
  const sent = { positions: [3, 7], sent_ms: [100, 200] }
  expect(seenAfter_ms(sent, { positions: [3, 6], received_ms: [105, 220] })).toEqual([5])
  expect(seenAfter_ms(sent, { positions: [], received_ms: [] })).toEqual([])
})
