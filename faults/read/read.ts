import { Random } from '#testing'
import { Deck } from '../arena/deck.js'
import { type FaultTest, type Outcome, type RunOptions, type Timed } from '../outcome.js'
import { ReadField } from './field.js'
import { recovered } from './strike/recovered.js'
import { type Field, type Strike, STRIKES } from './strike/strikes.js'
import { judge } from './verdict.js'

export interface ReadOptions extends RunOptions {
  /** Default 3. */
  readonly books?: number
  /** Default 30,000. */
  readonly replica_pause_ms?: number
  /** The longest. Default 9,000. */
  readonly redis_pause_ms_max?: number
  /** Default all. */
  readonly strikes?: readonly Strike[]
}

/** The read side of a whole product is broken under load: processes, servers, the cache; see {@link STRIKES}. */
export const read: FaultTest = { name: 'read', cycles: 100, run: runRead }

/** @throws Error when the system is not well again in time after a fault; its data and logs are kept then. */
export async function runRead(options: ReadOptions): Promise<Outcome> {
  const { seed, books = 3 } = options
  const field = await ReadField.open(new Random(seed), books)
  let isSound = false
  try {
    const times = await rounds(field, options)
    const { counts, seen, ...verdict } = await judge(field)
    isSound = verdict.isSound
    const words = 'from when a fault was undone (a kill at once) until all is ready, read and told again, in ms'
    return { ...verdict, counts: { ...counts }, times, measured: { words, key: 'recovery_ms' }, more: { ...seen } }
  } finally {
    await field.close(isSound ? undefined : 'keep')
  }
}

async function rounds(field: ReadField, options: ReadOptions): Promise<readonly Timed[]> {
  const { cycles, onCycle, signal, replica_pause_ms = 30_000, redis_pause_ms_max = 9_000, strikes = STRIKES } = options
  const { system, random, projector } = field
  const deck = new Deck(random, strikes)
  const where: Field = { system, secondProjector: projector.pid, random, replica_pause_ms, redis_pause_ms_max }
  const times: Timed[] = []
  for (let done = 0; done < cycles && !signal?.aborted; done += 1) {
    await field.calm()
    const { kind, inject } = deck.deal()
    times.push({ kind, ms: await recovered(field, await inject(where), kind) })
    onCycle?.(done + 1)
  }
  return times
}
