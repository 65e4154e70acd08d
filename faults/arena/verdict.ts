import { checkLog, type Follower, type LogCounts, type LogEvent, type Operation } from '#testing'
import { type Arena, type Injected } from './arena.js'
import { readLog, sealedRunsOf } from './read-log.js'
import { hearWitness } from './witness.js'

export interface Verdict {
  readonly counts: LogCounts & {
    /** Of processes that no fault was meant for. */
    readonly unexpected_exits: number
  }
  readonly isSound: boolean
  readonly offenders: readonly string[]
  readonly events: number
  readonly terms: number
  /** Runs of names that were sealed. */
  readonly sealed_runs: number
  /** For each fault, from it to the first acknowledgement of something asked for after it, by a client that it hit. */
  readonly firstAcks_ms: readonly (Injected & { readonly first_ack_ms: number })[]
}

/** Lets the clients finish, reads the whole log and holds it against all that they were told. */
export async function judge(arena: Arena): Promise<Verdict> {
  await arena.writers.ready(0)
  await Promise.all(arena.clients.map((each) => each.stop()))
  const operations: Operation[] = []
  for (const each of arena.clients) for await (const operation of each.operations()) operations.push(operation)
  for (const each of arena.followers) await each.caughtUp()
  await Promise.all(arena.followers.map((each) => each.stop()))
  const log = await readLog(arena.ground.url)
  const testimony = await hearWitness(arena.ground.url)
  const followers: Follower[] = []
  for (const each of arena.followers) followers.push({ name: each.name, batches: await each.batches() })
  const { counts, isSound, offenders } = checkLog({ operations, log, gapFree: true, epochs: testimony, followers })
  const unseen = testimony.unseen(log.map(({ position }: LogEvent) => position))
  const terms = testimony.terms.length
  const ends = arena.injected.filter(({ endsTerm }) => endsTerm).length
  const doubts = [
    ...(unseen === 0 ? [] : [`the witness did not see who committed ${unseen} events`]),
    ...(terms > ends ? [] : [`${ends} faults were to end a term each, and there were ${terms} terms`]),
  ]
  const exits = arena.unexpectedExits
  return {
    counts: { ...counts, unexpected_exits: exits.length },
    isSound: isSound && doubts.length === 0 && exits.length === 0,
    offenders: [...offenders, ...doubts, ...exits.map((each) => `unexpected_exits: ${each}`)],
    events: log.length,
    terms,
    sealed_runs: await sealedRunsOf(arena.ground.url),
    firstAcks_ms: arena.injected.map((fault) => ({ ...fault, first_ack_ms: firstAck_ms(fault, operations) })),
  }
}

function firstAck_ms({ at_ms, clients }: Injected, operations: readonly Operation[]): number {
  let first = Infinity
  for (const { client, invoked_ms, result } of operations)
    if (result.kind === 'acknowledged' && invoked_ms >= at_ms && (clients?.includes(client) ?? true))
      first = Math.min(first, result.acked_ms)
  return first - at_ms
}
