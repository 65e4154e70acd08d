import { type BookEvent } from '../book/events.js'
import { bookOpened, bookWith, requested, sending } from '../fixtures/book-events.js'
import { foldAll, logOf } from '../fixtures/fold-all.js'
import { books, bookSummary } from './books.js'
import { transfer, transferList, transferTable } from './transfers.js'

const place = { createdAt: 7n, changedAt: 9n }
const t1 = sending('t1', '5')
const shown = (...events: readonly BookEvent[]): object[] =>
  foldAll(transferTable, logOf([...bookWith('cash'), ...events], 'west')).map((row) => transfer.answer(row, place))

const begun = {
  ...{ id: 't1', state: 'requested', date: t1.date, description: '', account: 'cash', to: 'east', toAccount: 'till' },
  ...{ amount: '5', commodity: 'EUR', code: null, reason: null, requested: '2026-11-23T10:00:03.000Z', settled: null },
}

test('a transfer is requested, then completed', () => {
  expect(shown(...requested(t1))).toEqual([begun])
  expect(shown(...requested(t1), { type: 'TransferCompleted', data: { id: 't1' } })).toEqual([
    { ...begun, state: 'completed', settled: '2026-11-23T10:00:04.000Z' },
  ])
})

test('or refused, with the reason', () => {
  const why = { code: 'account-closed', reason: 'account "till" is closed' }
  expect(shown(...requested(t1), { type: 'TransferRefunded', data: { id: 't1', ...why } })).toEqual([
    { ...begun, ...why, state: 'refused', settled: '2026-11-23T10:00:04.000Z' },
  ])
})

test('the receiving book lists what it has sent itself, not what it was sent', () => {
  const received: BookEvent[] = [
    { type: 'TransferReceived', data: { from: 'north', id: 't1' } },
    { type: 'TransferDeclined', data: { from: 'north', id: 't2', code: 'x', reason: 'y' } },
  ]
  expect(shown(...received)).toEqual([])
})

test('an item of the list says its position', () => {
  const [row] = foldAll(transferTable, logOf(requested(t1), 'west'))
  expect(row && transferList.item(row, place)).toMatchObject({ position: '7', id: 't1', state: 'requested' })
})

describe('the summary of a book', () => {
  const revisions = (...events: readonly BookEvent[]): unknown[] =>
    foldAll(books, logOf(events)).map((row) => (bookSummary.answer(row, place) as { revision: string }).revision)

  test('tells the revision after each event of a transfer', () => {
    const all: BookEvent[] = [
      ...requested(t1),
      { type: 'TransferCompleted', data: { id: 't1' } },
      ...requested(sending('t2', '1')),
      { type: 'TransferRefunded', data: { id: 't2', code: 'x', reason: 'y' } },
      { type: 'TransferReceived', data: { from: 'north', id: 't1' } },
      { type: 'TransferDeclined', data: { from: 'north', id: 't2', code: 'x', reason: 'y' } },
    ]
    all.forEach((_, at) => expect(revisions(bookOpened, ...all.slice(0, at + 1))).toEqual([String(at + 1)]))
  })

  test('does not begin with a transfer that nobody was there to take', () => {
    const declined: BookEvent = { type: 'TransferDeclined', data: { from: 'west', id: 't1', code: 'x', reason: 'y' } }
    expect(revisions(declined)).toEqual([])
    expect(revisions(declined, bookOpened)).toEqual(['1'])
  })
})
