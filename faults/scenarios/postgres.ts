import { setTimeout as sleep } from 'node:timers/promises'
import { type Scenario } from './scenario.js'

/** kill -9 of the primary's postmaster under load, and its restart after a moment: the time to recover is in the figures. */
export const postgres: Scenario = {
  name: 'postgres',
  cycles: 20,
  kinds: ['kill and restart'],
  breaksServer: true,
  open: (random) =>
    Promise.resolve({
      arena: { random, writers: 2, clients: 3 },
      cycle: async (arena) => {
        await arena.writers.complete()
        await arena.calm()
        await arena.ground.postgres.kill()
        const at_ms = arena.now_ms()
        await sleep(random.between(0, 500))
        await arena.ground.postgres.start()
        await arena.recovered({ kind: 'kill and restart', at_ms, healed_ms: arena.now_ms() })
      },
    }),
}
