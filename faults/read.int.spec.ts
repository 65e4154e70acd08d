import { summaryOf } from './figures.js'
import { runRead } from './read/read.js'
import { STRIKES } from './read/strike/strikes.js'

const SEED = 20_262
const SOUND = {
  lost: 0,
  duplicated: 0,
  misordered: 0,
  gaps: 0,
  stale_commits: 0,
  altered: 0,
  stale_answers: 0,
  missed: 0,
  doubled: 0,
  out_of_order: 0,
  unequal_rows: 0,
  unexpected_exits: 0,
}

test('read: one fault of each kind, and no answer is stale, no change lost, doubled or out of order, no row other than the log says', async () => {
  const pauses = { replica_pause_ms: 3_000, redis_pause_ms_max: 3_000 }
  const outcome = await runRead({ seed: SEED, cycles: STRIKES.length, books: 2, ...pauses })
  expect(outcome.offenders).toEqual([])
  expect(outcome.counts).toMatchObject(SOUND)
  expect(outcome.isSound).toBe(true)
  expect(outcome.times.map(({ kind }) => kind).sort()).toEqual(STRIKES.map(({ kind }) => kind).sort())
  expect(outcome.counts['acked']).toBeGreaterThan(20)
  expect(outcome.more['answers']).toBeGreaterThan(20)
  expect(outcome.more['told']).toBeGreaterThan(20)
  expect(outcome.more['rows']).toBeGreaterThan(outcome.counts['acked'] ?? 0)
  const summary = summaryOf('read', outcome, { seed: SEED, seconds: 1 })
  expect(summary).toMatchObject({ faults: 'read', seed: SEED, cycles: STRIKES.length, ...SOUND })
  expect(summary['recovery_ms_p99']).toBeGreaterThan(0)
}, 900_000)
