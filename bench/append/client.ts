import { randomUUID } from 'node:crypto'
import { type AppendRequest } from '#event-store'
import { openBenchStore } from '../support/bench-store.js'
import { type WriterAccess } from '../support/event-writer.js'
import { Latencies } from '../support/latencies.js'
import { work, workerArgument } from '../support/workers.js'
import { benchEvent, STREAMS } from './workload.js'

/** Appends in a closed loop with so many in flight, for so long after a warm-up or up to so many appends. */
export interface AppendTask {
  readonly inFlight: number
  readonly warmUp_ms: number
  readonly run_ms: number
}

export interface AppendResult {
  readonly appends: number
  /** Before the time that is measured. */
  readonly warmUps: number
  readonly run_ms: number
  readonly latencies_ms: readonly number[]
}

const access = workerArgument<WriterAccess>()
const store = await openBenchStore(access)
const prefix = randomUUID()
let ordinal = 0

/** A command that nobody sent before. */
function request(): AppendRequest {
  ordinal += 1
  const stream = `account-${Math.floor(Math.random() * STREAMS)}`
  const key = `${prefix}-${ordinal}`
  return {
    commandId: { stream, key },
    // As long as a real one; hashing the request is the caller's work, not the log's.
    requestHash: prefix.slice(0, 22),
    writes: [{ stream, expected: 'any', events: [benchEvent(ordinal)] }],
  }
}

async function loop(end_ms: number, begin_ms: number, latencies: Latencies): Promise<void> {
  for (let now_ms = performance.now(); now_ms < end_ms;) {
    const asked_ms = now_ms
    const { outcome } = await store.append(request())
    if (outcome !== 'appended') throw new Error(`an append came to ${outcome}`)
    now_ms = performance.now()
    if (asked_ms >= begin_ms) latencies.add(now_ms - asked_ms)
  }
}

work<AppendTask, AppendResult>(async ({ inFlight, warmUp_ms, run_ms }) => {
  const latencies = new Latencies()
  const before = ordinal
  const begin_ms = performance.now() + warmUp_ms
  const end_ms = begin_ms + run_ms
  await Promise.all(Array.from({ length: inFlight }, () => loop(end_ms, begin_ms, latencies)))
  const warmUps = ordinal - before - latencies.length
  return { appends: latencies.length, warmUps, run_ms: performance.now() - begin_ms, latencies_ms: latencies.toArray() }
})
process.once('SIGTERM', () => {
  void store.close().then(() => process.exit(0))
})
