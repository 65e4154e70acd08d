import { setTimeout as sleep } from 'node:timers/promises'
import { type EventBatch } from '../../port.js'
import { type Follower, followAll } from './follow-all.js'
import { type Reading } from './reading.js'

/**
 * Follows the log as {@link followAll} does, but waits out no outage.
 *
 * @param quiet_ms how long nothing but other people's events may go by before the position is told.
 * @param signal ends it when aborted.
 * @throws StoreUnavailable when nothing comes for a while and the log, asked, does not answer: some 10 s after the last batch.
 */
export async function* followWhileAnswered(
  follower: Follower,
  after: bigint,
  quiet_ms?: number,
  signal?: AbortSignal,
): AsyncGenerator<EventBatch> {
  const stop = new AbortController()
  const over = signal ? AbortSignal.any([stop.signal, signal]) : stop.signal
  const batches = followAll(follower, { after, signal: over }, quiet_ms)
  try {
    for (;;) {
      const next = await answered(batches.next(), follower.reading)
      if (next.done === true) return
      yield next.value
    }
  } finally {
    stop.abort()
    // It may be connecting: nobody waits for that.
    batches.return(undefined).catch(() => undefined)
  }
}

async function answered<T>(next: Promise<T>, reading: Reading): Promise<T> {
  const come = new AbortController()
  const isHere = next.then(() => true).finally(() => come.abort())
  isHere.catch(() => undefined)
  for (;;) {
    const silence = sleep(reading.patience.silence_ms, false, { signal: come.signal }).catch(() => true)
    if (await Promise.race([isHere, silence])) return next
    await Promise.race([isHere, reading.end()])
  }
}
