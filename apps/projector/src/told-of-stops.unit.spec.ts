import { type Stop } from '#read-models'
import { toldOf } from './told-of-stops.js'

const event = { position: '1207', stream: 'book-demo', revision: '311', type: 'TransactionPosted' }
const stopAt = (stopped: Partial<Stop['stopped']>, reason: string): Stop => ({
  ...{ projection: 'statement', version: 3, build: 1, lane: 3 },
  stopped: { ...event, ...stopped, reason, at: '2026-01-01T00:00:00.000Z' },
})

test('nothing is told while everything goes on', () => {
  expect(toldOf([])).toBeUndefined()
})

test('who stopped at an event is told which, and that it may be left out', () => {
  expect(toldOf([stopAt({}, 'it cannot be folded'), stopAt({}, 'another')])).toBe(
    'statement has stopped in lane 3 at position 1207 (TransactionPosted, book-demo@311): it cannot be folded; 1 more. ' +
      'Mend it and run "npx headwater projections retry statement", or leave the event out with "npx headwater projections skip statement --position 1207"',
  )
})

test('where no event is at fault there is none to be left out', () => {
  expect(toldOf([stopAt({ stream: '', revision: '0', type: '' }, 'events are archived')])).toBe(
    'statement has stopped in lane 3 after position 1207: events are archived. ' +
      'Mend it and run "npx headwater projections retry statement"',
  )
})
