import { setTimeout as sleep } from 'node:timers/promises'
import { Deck } from '../arena/deck.js'
import { type Proxy } from '../arena/proxy.js'
import { DEAD_LINK_MS, type Scenario, SHORT_LINK } from './scenario.js'

const KINDS = ['cut', 'stall to-writer', 'stall to-client'] as const

/**
 * The links of some clients are cut, or carry nothing one way while the other way goes on, for a moment or for longer than
 * a link takes silence for death.
 */
export const link: Scenario = {
  name: 'link',
  cycles: 20,
  kinds: KINDS,
  open: (random, isShort = false) => {
    const deck = new Deck(random, KINDS)
    return Promise.resolve({
      arena: { random, writers: 2, clients: 3, proxied: true, ...(isShort ? SHORT_LINK : {}) },
      cycle: async (arena) => {
        await arena.calm()
        const kind = deck.deal()
        const hit = arena.clients.map(({ name }) => name).filter(() => random.chance(0.6))
        const clients = hit.length > 0 ? hit : arena.clients.slice(0, 1).map(({ name }) => name)
        const proxies = clients.flatMap((name) => arena.proxies.get(name) ?? [])
        const at_ms = arena.now_ms()
        for (const proxy of proxies) inject(proxy, kind)
        await sleep(isShort ? least_ms(kind) : random.between(0, 4_000))
        for (const proxy of proxies) proxy.heal()
        const healed_ms = arena.now_ms()
        await arena.recovered({ kind, at_ms, healed_ms, clients })
      },
    })
  },
}

/** What is cut is seen at once, and what is stalled when it is taken for dead. */
const least_ms = (kind: (typeof KINDS)[number]): number => (kind === 'cut' ? 300 : DEAD_LINK_MS)

function inject(proxy: Proxy, kind: (typeof KINDS)[number]): void {
  if (kind === 'cut') proxy.cut()
  else proxy.stall(kind === 'stall to-writer' ? 'to-writer' : 'to-client')
}
