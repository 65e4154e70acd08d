import { setTimeout as sleep } from 'node:timers/promises'
import { smallDisk } from '../arena/small-disk.js'
import { type Scenario } from './scenario.js'

const SIZE_MB = 768
/** Little log ahead, so that the small disk is enough for many rounds. */
const SETTINGS = { max_wal_size: '96MB', min_wal_size: '32MB', shared_buffers: '32MB' }

/** The disk under the whole Postgres cluster, log and write-ahead log, becomes full under load, and is freed after a moment. */
export const disk: Scenario = {
  name: 'disk',
  cycles: 15,
  kinds: ['full'],
  breaksServer: true,
  open: async (random) => {
    const small = await smallDisk(SIZE_MB)
    return {
      arena: {
        random,
        writers: 2,
        clients: 3,
        postgres: { postgresParent: small.folder, postgresSettings: SETTINGS },
      },
      cycle: async (arena) => {
        await arena.writers.complete()
        await arena.calm()
        await small.fill()
        const at_ms = arena.now_ms()
        await sleep(random.between(500, 3_000))
        await arena.refused(at_ms)
        await small.free()
        const healed_ms = arena.now_ms()
        // A write-ahead log that finds no room ends the server; whoever supervises it starts it again.
        await arena.ground.postgres.start()
        await arena.recovered({ kind: 'full', at_ms, healed_ms })
      },
      close: () => small.close(),
    }
  },
}
