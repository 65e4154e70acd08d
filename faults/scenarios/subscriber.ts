import { setTimeout as sleep } from 'node:timers/promises'
import { Deck } from '../arena/deck.js'
import { DEAD_LINK_MS, type Scenario, SHORT_LINK } from './scenario.js'

/** Its process is stopped, so that its link dies too; or it lives and does not take what it is sent. */
const KINDS = ['stopped', 'not reading'] as const

/** A subscriber stops reading while commits go on: those who append must not notice, and it must miss nothing. */
export const subscriber: Scenario = {
  name: 'subscriber',
  cycles: 20,
  kinds: KINDS,
  open: (random, isShort = false) => {
    const deck = new Deck(random, KINDS)
    return Promise.resolve({
      arena: { random, writers: 2, clients: 3, followers: 2, ...(isShort ? SHORT_LINK : {}) },
      cycle: async (arena) => {
        await arena.calm()
        const kind = deck.deal()
        const [follower] = arena.followers
        if (!follower) throw new Error('there is no follower')
        if (kind === 'stopped') follower.signal('SIGSTOP')
        else follower.hold()
        const at_ms = arena.now_ms()
        try {
          await arena.recovered({ kind, at_ms })
          await sleep(isShort ? least_ms(kind) : random.between(200, 4_000))
        } finally {
          if (kind === 'stopped') follower.signal('SIGCONT')
          else follower.goOn()
        }
        await follower.caughtUp()
      },
    })
  },
}

const least_ms = (kind: (typeof KINDS)[number]): number => (kind === 'stopped' ? DEAD_LINK_MS : 300)
