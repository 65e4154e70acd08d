import { type Arena } from '../arena/arena.js'
import { type Scenario } from './scenario.js'

const KINDS = ['before-commit', 'after-commit', 'in-takeover', 'any-moment'] as const

/**
 * kill -9 of the leader: with a batch made up and not sent, with a batch committed and nobody told, at any moment, and of
 * the standby that has just taken the lease. Three writers, so that somebody is left when two have died.
 */
export const writer: Scenario = {
  name: 'writer',
  cycles: 40,
  open: (random) =>
    Promise.resolve({
      arena: { random, writers: 3, clients: 3 },
      cycle: async (arena) => {
        const leader = await arena.writers.complete()
        await arena.calm()
        const kind = random.pick(KINDS)
        if (kind === 'before-commit' || kind === 'after-commit') {
          const at_ms = await arena.writers.strikeAt(kind)
          await arena.recovered({ kind, at_ms })
          return
        }
        if (kind === 'in-takeover') await arena.writers.arm(kind)
        await leader.kill()
        const at_ms = leader.ended_ms ?? arena.now_ms()
        if (kind === 'any-moment') await arena.recovered({ kind, at_ms })
        else await successorDies(arena, at_ms)
      },
    }),
}

/** Both deaths are faults: from each the way to the next acknowledgement is measured. */
async function successorDies(arena: Arena, leaderDied_ms: number): Promise<void> {
  const at_ms = await arena.writers.struck('in-takeover')
  await arena.recovered({ kind: 'before takeover', at_ms: leaderDied_ms })
  await arena.recovered({ kind: 'in-takeover', at_ms })
}
