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
        const leader = await arena.writers.ready(kind === 'in-takeover' ? 2 : 1)
        await arena.calm()
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
    })
  },
}

/** Both deaths are faults: from each the way to the next acknowledgement is measured. */
async function successorDies(arena: Arena, leaderDied_ms: number): Promise<void> {
  const at_ms = await arena.writers.struck('in-takeover')
  await arena.recovered({ kind: 'before takeover', at_ms: leaderDied_ms })
  await arena.recovered({ kind: 'in-takeover', at_ms })
}
