import { canMount } from './arena/small-disk.js'
import { type Verdict } from './arena/verdict.js'
import { summaryOf } from './figures.js'
import { runScenario } from './run-scenario.js'
import { SCENARIOS } from './scenarios/all.js'
import { type Scenario } from './scenarios/scenario.js'
import { outcomeOf } from './write-test.js'

jest.setTimeout(600_000)

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
const cyclesOf = ({ name }: Scenario): number => CYCLES[name] ?? 1

/** All of them on one arena that has what each needs, one after the other: opened once, and judged once. */
function inOneArena(scenarios: readonly Scenario[]): Scenario {
  return {
    name: scenarios.map(({ name }) => name).join(', '),
    cycles: scenarios.reduce((sum, each) => sum + cyclesOf(each), 0),
    kinds: scenarios.flatMap(({ kinds }) => kinds),
    breaksServer: true,
    open: async (random, isShort) => {
      const opened = await Promise.all(scenarios.map((each) => each.open(random, isShort)))
      const rounds = scenarios.flatMap((each, at) => Array.from({ length: cyclesOf(each) }, () => opened[at]!.cycle))
      const writers = Math.max(...opened.map(({ arena }) => arena.writers))
      const needs = opened.reduce((all, { arena }) => ({ ...all, ...arena }), opened[0]!.arena)
      return { arena: { ...needs, writers }, cycle: async (arena) => rounds.shift()?.(arena) }
    },
  }
}

async function checkSound(scenario: Scenario, cycles: number): Promise<Verdict> {
  const verdict = await runScenario(scenario, { seed: SEED, cycles, arena: SMALL, isShort: true })
  expect(verdict.offenders).toEqual([])
  expect(verdict.counts).toMatchObject(SOUND)
  expect(verdict.isSound).toBe(true)
  expect(verdict.counts.acked).toBeGreaterThan(20 * cycles)
  expect([...new Set(verdict.firstAcks_ms.map(({ kind }) => kind))].sort()).toEqual([...scenario.kinds].sort())
  const summary = summaryOf(scenario.name, outcomeOf(verdict), { seed: SEED, seconds: 1 })
  expect(summary).toMatchObject({ faults: scenario.name, seed: SEED, cycles: verdict.firstAcks_ms.length, ...SOUND })
  expect(summary['first_ack_ms_p99']).toBeGreaterThan(0)
  return verdict
}

const isApart = ({ name }: Scenario): boolean => name === 'disk'
const rest = inOneArena(SCENARIOS.filter((each) => !isApart(each)))

test(`${rest.name}: what was acknowledged is there, once, in order, and nothing of a term that was over`, async () => {
  const { sealed_runs } = await checkSound(rest, rest.cycles)
  expect(sealed_runs).toBeGreaterThan(0)
})

const [disk] = SCENARIOS.filter(isApart)

test('disk: the same while the disk runs full; or it says what it takes to make one run full', async () => {
  if (!disk) throw new Error('there is no disk test')
  if (await canMount()) await checkSound(disk, cyclesOf(disk))
  else await expect(runScenario(disk, { seed: SEED, cycles: 1 })).rejects.toThrow('run this as root, on Linux')
})
