import { setTimeout as sleep } from 'node:timers/promises'
import { type Scenario } from './scenario.js'

/** SIGSTOP of the leader past its lease, until another term has begun, then SIGCONT: it wakes up in the middle of what it was doing, and leads no longer. */
export const pause: Scenario = {
  name: 'pause',
  cycles: 15,
  kinds: ['pause'],
  open: (random) =>
    Promise.resolve({
      arena: { random, writers: 2, clients: 3 },
      cycle: async (arena) => {
        const { leader, epoch, at_ms } = await arena.halted(1)
        try {
          await sleep(arena.ground.lease_ms + random.between(300, 2_000))
          await arena.succeeded(epoch)
        } finally {
          leader.signal('SIGCONT')
        }
        await arena.recovered({ kind: 'pause', at_ms, healed_ms: arena.now_ms(), endsTerm: true })
      },
    }),
}
