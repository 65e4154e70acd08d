import { temporaryPostgres, type TemporaryPostgres } from '#testing'
import { canMount } from './arena/small-disk.js'
import { summaryOf } from './figures.js'
import { runScenario } from './run-scenario.js'
import { SCENARIOS } from './scenarios/all.js'
import { type Scenario } from './scenarios/scenario.js'
import { outcomeOf } from './write-test.js'

jest.setTimeout(300_000)

const SEED = 20_261
/** Two clients instead of three, and a lease half as long: the same faults in less time. */
const SMALL = { clients: 2, lease_ms: 1_000 }
const SOUND = {
  lost: 0,
  duplicated: 0,
  misordered: 0,
  gaps: 0,
  stale_commits: 0,
  phantoms: 0,
  altered: 0,
  missed: 0,
  unexpected_exits: 0,
}

/** The least rounds in which a fault of every kind strikes: kinds are dealt, none comes twice before all came once. */
const CYCLES: Readonly<Record<string, number>> = { writer: 4, link: 3, slow: 2, subscriber: 2 }

let server: TemporaryPostgres
beforeAll(async () => {
  server = await temporaryPostgres()
})
afterAll(() => server.drop())

async function checkSound(scenario: Scenario): Promise<void> {
  const cycles = CYCLES[scenario.name] ?? 1
  const verdict = await runScenario(scenario, { seed: SEED, cycles, arena: SMALL, server, isShort: true })
  expect(verdict.offenders).toEqual([])
  expect(verdict.counts).toMatchObject(SOUND)
  expect(verdict.isSound).toBe(true)
  expect(verdict.counts.acked).toBeGreaterThan(20)
  if (scenario.name === 'writer') expect(verdict.sealed_runs).toBeGreaterThan(0)
  expect([...new Set(verdict.firstAcks_ms.map(({ kind }) => kind))].sort()).toEqual([...scenario.kinds].sort())
  const summary = summaryOf(scenario.name, outcomeOf(verdict), { seed: SEED, seconds: 1 })
  expect(summary).toMatchObject({ faults: scenario.name, seed: SEED, cycles: verdict.firstAcks_ms.length, ...SOUND })
  expect(summary['first_ack_ms_p99']).toBeGreaterThan(0)
}

test.each(SCENARIOS.filter(({ name }) => name !== 'disk'))(
  '$name: what was acknowledged is there, once, in order, and nothing of a term that was over',
  checkSound,
)

const [disk] = SCENARIOS.filter(({ name }) => name === 'disk')

test('disk: the same while the disk runs full; or it says what it takes to make one run full', async () => {
  if (!disk) throw new Error('there is no disk test')
  if (await canMount()) await checkSound(disk)
  else await expect(runScenario(disk, { seed: SEED, cycles: 1 })).rejects.toThrow('run this as root, on Linux')
})
