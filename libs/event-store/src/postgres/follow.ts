import { type EventBatch, EventsArchived, type SubscribeOptions } from '../port.js'
import { type RecordedEvent } from '#domain-kit'

/** Something that says, without promise, that the log has grown; may carry the events themselves. */
export interface Tidings {
  /**
   * Resolves with what is known next, joined to one batch of at most `events_max` events (one commit is never cut), or with undefined after
   * at most `wait_ms` or when only "look again" is known.
   */
  next(wait_ms: number, events_max: number): Promise<EventBatch | undefined>
  close(): void
}

const POLL_MS = 250

/**
 * Catch-up, then live, contiguous by construction: a live batch is used only when it begins where the last one ended;
 * whatever else comes leads back to reading the log. Waits out an unavailable log.
 *
 * @throws EventsArchived when what comes next is in the log no more: waiting would not bring it back.
 */
export async function* follow(
  reader: { page(after: bigint, limit: number): Promise<RecordedEvent[]> },
  tidings: Tidings,
  { after, batch_max = 1_000, signal }: SubscribeOptions,
): AsyncGenerator<EventBatch> {
  const page = async (from: bigint): Promise<readonly RecordedEvent[] | undefined> =>
    reader.page(from, batch_max).catch((error: unknown) => {
      if (error instanceof EventsArchived) throw error
      return undefined
    })
  let position = after
  let ahead: ReturnType<typeof page> | undefined
  try {
    while (!signal?.aborted) {
      const events = await (ahead ?? page(position))
      ahead = undefined
      const last = events?.at(-1)
      if (events && last) {
        const isFull = events.length === batch_max
        // While a full page is made use of, the next one is on its way.
        if (isFull) ahead = page(last.position)
        ahead?.catch(() => undefined)
        yield { after: position, position: last.position, events }
        position = last.position
        if (isFull) continue
      }
      for (;;) {
        const batch = signal?.aborted ? undefined : await tidings.next(POLL_MS, batch_max)
        if (!batch || batch.after > position) break
        if (batch.position <= position) continue
        const fresh = batch.events.filter((event) => event.position > position)
        if (fresh.length > batch_max) break
        yield { after: position, position: batch.position, events: fresh }
        position = batch.position
      }
    }
  } finally {
    tidings.close()
  }
}
