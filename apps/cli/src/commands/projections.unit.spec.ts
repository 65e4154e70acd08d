import { decisionRow } from './projections.js'

const decided = {
  ...{ at: '2026-11-27T18:40:02.114Z', actor: 'ann', action: 'retry', projection: 'statement', version: 3, build: 2 },
  ...{ lane: 5, position: '1207', detail: 'it cannot be folded' },
}

test('a decision is shown with who, when and what, and with lane and position where there are some', () => {
  const who = ['2026-11-27T18:40:02.114Z', 'ann', 'retry', 'statement', 'v3', 'build 2']
  expect(decisionRow(decided)).toEqual([...who, 'lane 5, position 1207, it cannot be folded'])
  expect(decisionRow({ ...decided, lane: null, position: null, detail: '' })).toEqual([...who, ''])
})
