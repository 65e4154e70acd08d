import { recorded } from '#domain-kit'
import { type BookEvent } from './book/events.js'
import { receiveTransfer } from './commands/receive-transfer.js'
import { completeTransfer, declineTransfer, refundTransfer } from './commands/settle-transfer.js'
import { DAY, sending } from './fixtures/book-events.js'
import { transfers } from './transfers.js'

const react = (event: BookEvent, aggregateId: string) =>
  transfers.react(recorded(event, { aggregate: 'book', aggregateId }))

test('a transfer that was requested is sent to the other book', () => {
  const data = sending('t1', '5', { description: 'Rent' })
  const [sent, ...more] = react({ type: 'TransferRequested', data }, 'west')
  expect(more).toEqual([])
  expect(sent).toMatchObject({ command: receiveTransfer, target: 'east' })
  expect(sent?.body).toEqual({
    ...{ from: 'west', id: 't1', date: DAY, description: 'Rent' },
    ...{ account: 'till', amount: '5', commodity: 'EUR' },
  })
})

test('when the other book refuses, it declines instead, with the reason', () => {
  const [sent] = react({ type: 'TransferRequested', data: sending('t1', '5') }, 'west')
  expect(sent?.onRejected?.command).toBe(declineTransfer)
  const rejection = { kind: 'rejection', code: 'account-closed', detail: 'account "till" is closed' } as const
  const body = { from: 'west', id: 't1', code: 'account-closed', reason: 'account "till" is closed' }
  expect(sent?.onRejected?.body(rejection)).toEqual(body)
})

test('what was received is completed in the sending book', () => {
  const sent = react({ type: 'TransferReceived', data: { from: 'west', id: 't1' } }, 'east')
  expect(sent).toMatchObject([{ command: completeTransfer, target: 'west', body: { id: 't1' } }])
})

test('what was declined is refunded in the sending book, with the reason', () => {
  const why = { code: 'account-closed', reason: 'account "till" is closed' }
  const sent = react({ type: 'TransferDeclined', data: { from: 'west', id: 't1', ...why } }, 'east')
  expect(sent).toMatchObject([{ command: refundTransfer, target: 'west', body: { id: 't1', ...why } }])
})

test('a settled transfer leads to nothing more', () => {
  expect(react({ type: 'TransferCompleted', data: { id: 't1' } }, 'west')).toEqual([])
  expect(react({ type: 'TransferRefunded', data: { id: 't1', code: 'x', reason: 'y' } }, 'west')).toEqual([])
})
