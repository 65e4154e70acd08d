import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryPostgres, type TemporaryPostgres } from '#testing'
import { runScenario } from './run-scenario.js'
import { brake, layBrake } from './arena/slow-commits.js'
import { type Arena, type ArenaOptions } from './arena/arena.js'
import { type Verdict } from './arena/verdict.js'

const SEED = 20_263
type Cycle = (arena: Arena) => Promise<void>

let server: TemporaryPostgres
beforeAll(async () => {
  server = await temporaryPostgres()
})
afterAll(() => server.drop())

/** One fault on writers that have a bug, or none. */
async function verdictOf(bug: string | undefined, cycle: Cycle, more: Partial<ArenaOptions> = {}): Promise<Verdict> {
  const open = (random: ArenaOptions['random']) =>
    Promise.resolve({
      arena: { random, ...(bug ? { bug } : {}), writers: 2, clients: 2, lease_ms: 1_000, ...more },
      cycle,
    })
  return runScenario({ name: 'broken', cycles: 1, kinds: [], open }, { seed: SEED, cycles: 1, server })
}

const killLeader = async (arena: Arena): Promise<void> => {
  const leader = await arena.writers.complete()
  await arena.calm()
  await leader.kill()
  await arena.recovered({ kind: 'any-moment', at_ms: leader.ended_ms ?? arena.now_ms() })
}

/** Nothing but load. */
const noFault = async (arena: Arena): Promise<void> => {
  await arena.calm()
  await arena.recovered({ kind: 'none', at_ms: arena.now_ms() })
}

test('a writer that acknowledges what is not committed yet is found out when it dies', async () => {
  const whileCommitsAreSlow: Cycle = async (arena) => {
    const leader = await arena.writers.complete()
    await brake(arena.ground.url, 400)
    // What was acknowledged the second time was sent to be committed slowly.
    for (let time = 0; time < 2; time += 1) {
      const at_ms = arena.now_ms()
      for (const each of arena.clients) await each.answeredSince(at_ms)
    }
    await leader.kill()
    await brake(arena.ground.url, 0)
    await arena.recovered({ kind: 'any-moment', at_ms: leader.ended_ms ?? arena.now_ms() })
  }
  const bug = 'acknowledges what is not committed yet'
  const { counts, isSound } = await verdictOf(bug, whileCommitsAreSlow, { prepare: layBrake })
  expect(counts.lost).toBeGreaterThan(0)
  expect(isSound).toBe(false)
})

test('one that forgets which names are taken is found out by what is there twice', async () => {
  const { counts, isSound } = await verdictOf('forgets which names are taken', killLeader)
  expect(counts.duplicated).toBeGreaterThan(0)
  expect(isSound).toBe(false)
})

test('one that answers a retry with the place of another append is found out', async () => {
  const { counts, isSound } = await verdictOf('answers a retry with the place of another append', killLeader)
  // Told another's place, or that its key is another's.
  expect(counts.misordered + counts.phantoms).toBeGreaterThan(0)
  expect(counts).toMatchObject({ lost: 0, altered: 0, unexpected_exits: 0 })
  expect(isSound).toBe(false)
})

test('one that writes what another has asked for is found out', async () => {
  const { counts, isSound } = await verdictOf('writes what another has asked for', noFault, { writers: 1 })
  expect(counts.altered).toBeGreaterThan(0)
  expect(isSound).toBe(false)
})

test('one whose log is right and what it pushes is not is found out by who follows it', async () => {
  // What comes before it is up to date is read from the log, where nothing is wrong.
  const pushedTo: Cycle = async (arena) => {
    for (const each of arena.followers) await each.caughtUp()
    await noFault(arena)
  }
  const one = { writers: 1, followers: 1 }
  const { counts, isSound } = await verdictOf('pushes revisions that are off by one', pushedTo, one)
  expect(counts).toMatchObject({ altered: 0, misordered: 0 })
  expect(counts.missed).toBeGreaterThan(0)
  expect(isSound).toBe(false)
})

test('a pause of the leader in which nobody took over proves nothing, and that is said', async () => {
  const pauseWithinLease: Cycle = async (arena) => {
    const leader = await arena.writers.complete()
    leader.signal('SIGSTOP')
    const at_ms = arena.now_ms()
    await sleep(300)
    leader.signal('SIGCONT')
    await arena.recovered({ kind: 'pause', at_ms, endsTerm: true })
  }
  const { counts, isSound, offenders } = await verdictOf(undefined, pauseWithinLease, { lease_ms: 60_000 })
  expect(counts).toMatchObject({ lost: 0, duplicated: 0, unexpected_exits: 0 })
  expect(offenders).toEqual(['1 faults were to end a term each, and there were 1 terms'])
  expect(isSound).toBe(false)
})

test('one that ends though nobody killed it is found out, though another takes over and all is well', async () => {
  const endsByItself: Cycle = async (arena) => {
    const leader = await arena.writers.complete()
    leader.signal('SIGTERM')
    await leader.child?.ended()
    await arena.recovered({ kind: 'none', at_ms: arena.now_ms() })
  }
  const { counts, isSound, offenders } = await verdictOf(undefined, endsByItself)
  expect(counts).toMatchObject({ lost: 0, duplicated: 0, unexpected_exits: 1 })
  expect(offenders).toEqual([expect.stringMatching(/event-writer-\d has ended: 0/)])
  expect(isSound).toBe(false)
})
