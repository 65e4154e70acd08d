import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { familyOf, type Random, type RunningSystem, sharedClock_ms, signalAll } from '#testing'

/** What a fault is done to. */
export interface Field {
  readonly system: RunningSystem
  /** The projector that nobody starts again; its pid. */
  readonly secondProjector: number
  readonly random: Random
  /** How long a replica is paused. */
  readonly replica_pause_ms: number
  /** How long Redis is paused at most. */
  readonly redis_pause_ms_max: number
}

/** A fault that was injected and undone. Times on the shared clock. */
export interface Struck {
  readonly at_ms: number
  /** From now on it is the system's own affair to come back. */
  readonly healed_ms: number
  /** The instance that was killed, and is to be another process. */
  readonly killed?: { readonly id: string; readonly pid: number }
}

export interface Strike {
  readonly kind: string
  inject(field: Field): Promise<Struck>
}

/** A projector that is silent so long loses its lanes. */
const LEASE_MS = 5_000

const kill = (id: string): Strike => ({
  kind: `kill ${id}`,
  inject: async ({ system }) => {
    const pid = await pidOf(system, id)
    process.kill(pid, 'SIGKILL')
    const at_ms = sharedClock_ms()
    return { at_ms, healed_ms: at_ms, killed: { id, pid } }
  },
})

const flush: Strike = {
  kind: 'flush redis',
  inject: async ({ system }) => {
    const client = createClient({ url: system.redisUrl(0), socket: { reconnectStrategy: false } })
    client.on('error', () => undefined)
    await client.connect()
    try {
      await client.flushAll()
      const at_ms = sharedClock_ms()
      return { at_ms, healed_ms: at_ms }
    } finally {
      client.destroy()
    }
  },
}

const pauseReplica: Strike = {
  kind: 'pause postgres-replica',
  inject: async ({ system, replica_pause_ms }) => pause(await pidOf(system, 'postgres-replica'), replica_pause_ms),
}

/** Longer than anybody waits for it, and now and then so long that connections to it are given up. */
const pauseRedis: Strike = {
  kind: 'pause redis',
  inject: async ({ system, random, redis_pause_ms_max }) =>
    pause(await pidOf(system, 'redis'), random.between(1_500, redis_pause_ms_max)),
}

/** Past its lease: the other one folds its lanes when it wakes up in the middle of what it was doing. */
const pauseProjector: Strike = {
  kind: 'pause projector',
  inject: async ({ system, secondProjector, random }) => {
    const pid = random.chance(0.5) ? secondProjector : await pidOf(system, 'projector-1')
    return pause(pid, LEASE_MS + random.between(300, 2_000))
  },
}

export const STRIKES: readonly Strike[] = [
  ...['projector-1', 'query-api-1', 'redis', 'postgres-replica', 'postgres-primary'].map(kill),
  flush,
  pauseRedis,
  pauseReplica,
  pauseProjector,
]

async function pause(pid: number, pause_ms: number): Promise<Struck> {
  // Itself first: it starts no more while its children are stopped.
  process.kill(pid, 'SIGSTOP')
  const family = familyOf(pid)
  signalAll(family, 'SIGSTOP')
  const at_ms = sharedClock_ms()
  try {
    await sleep(pause_ms)
  } finally {
    signalAll(family, 'SIGCONT')
  }
  return { at_ms, healed_ms: sharedClock_ms() }
}

async function pidOf(system: RunningSystem, id: string): Promise<number> {
  const pid = (await system.status()).instances.find((each) => each.id === id)?.pid
  if (!pid) throw new Error(`${id} does not run`)
  return pid
}
