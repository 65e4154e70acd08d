import { type Arena } from '../arena/arena.js'
import { Deck } from '../arena/deck.js'
import { type Scenario } from './scenario.js'

const KINDS = ['before-commit', 'after-commit', 'in-takeover', 'any-moment'] as const

/**
 * kill -9 of the leader: with a batch made up and not sent, with a batch committed and nobody told, at any moment, and of
 * the standby that has just taken the lease. A round begins as soon as enough stand by; those that died come back meanwhile.
 */
export const writer: Scenario = {
  name: 'writer',
  cycles: 40,
  kinds: [...KINDS, 'before takeover'],
  open: (random) => {
    const deck = new Deck(random, KINDS)
    return Promise.resolve({
      arena: { random, writers: 4, clients: 3, followers: 1 },
      cycle: async (arena) => {
        const kind = deck.deal()
        if (kind === 'in-takeover') {
          const { leader } = await arena.halted(2)
          await arena.writers.arm(kind)
          await leader.kill()
          await successorDies(arena, leader.ended_ms ?? arena.now_ms())
          return
        }
        const leader = await arena.writers.ready(1)
        await arena.calm()
        if (kind === 'before-commit' || kind === 'after-commit') {
          const at_ms = await arena.writers.strikeAt(kind)
          await arena.recovered({ kind, at_ms })
          return
        }
        await leader.kill()
        await arena.recovered({ kind, at_ms: leader.ended_ms ?? arena.now_ms() })
      },
    })
  },
}

/** Both deaths are faults: from each the way to the next acknowledgement is measured. */
async function successorDies(arena: Arena, leaderDied_ms: number): Promise<void> {
  const at_ms = await arena.writers.struck('in-takeover')
  await arena.recovered({ kind: 'before takeover', at_ms: leaderDied_ms })
  await arena.recovered({ kind: 'in-takeover', at_ms })
}
