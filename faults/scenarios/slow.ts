import { setTimeout as sleep } from 'node:timers/promises'
import { Deck } from '../arena/deck.js'
import { brake, layBrake } from '../arena/slow-commits.js'
import { type Scenario } from './scenario.js'

/** Commits take a good part of the lease, or longer than it until another term has begun: the lease's own renewals too. */
const KINDS = ['slow', 'longer than the lease'] as const

export const slow: Scenario = {
  name: 'slow',
  cycles: 20,
  kinds: KINDS,
  open: (random) => {
    const deck = new Deck(random, KINDS)
    return Promise.resolve({
      arena: { random, writers: 2, clients: 3, prepare: layBrake },
      cycle: async (arena) => {
        await arena.writers.complete()
        await arena.calm()
        const kind = deck.deal()
        const { url, lease_ms } = arena.ground
        const epoch = await arena.epoch()
        const endsTerm = kind === 'longer than the lease'
        const share = endsTerm ? random.between(110, 160) : random.between(10, 60)
        await brake(url, (lease_ms * share) / 100)
        const at_ms = arena.now_ms()
        await sleep(random.between(500, 2 * lease_ms))
        if (endsTerm) await arena.succeeded(epoch)
        await brake(url, 0)
        await arena.recovered({ kind, at_ms, healed_ms: arena.now_ms(), endsTerm })
      },
    })
  },
}
