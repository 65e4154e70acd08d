import { type EventBatch, EventsArchived, type SubscribeOptions } from '../port.js'
import { type RecordedEvent } from '#domain-kit'
import { type Wanted, wantedBy } from '../wanted.js'

/** Something that says, without promise, that the log has grown; may carry the events themselves. */
export interface Tidings {
  /**
   * Resolves with what is known next, joined to one batch of at most `events_max` events (one commit is never cut), or with undefined after
   * at most `wait_ms` or when only "look again" is known.
   */
  next(wait_ms: number, events_max: number): Promise<EventBatch | undefined>
  close(): void
}

/** So many events of the log one after the other, up to the last of them, and those that are wanted. */
export interface Page {
  readonly count: number
  readonly last: bigint
  readonly events: readonly RecordedEvent[]
  /** It has fewer than were asked for because of their size: more follow. */
  readonly isCut: boolean
}

export interface Pages {
  page(after: bigint, limit: number, wanted?: Wanted): Promise<Page>
}

const POLL_MS = 250

/**
 * Catch-up, then live, contiguous by construction: a live batch is used only when it begins where the last one ended;
 * whatever else comes leads back to reading the log. Waits out an unavailable log.
 *
 * @throws EventsArchived when what comes next is in the log no more: waiting would not bring it back.
 */
export async function* follow(
  reader: Pages,
  feed: { open(wanted?: Wanted): Tidings },
  { after, only, batch_max = 1_000, signal }: SubscribeOptions,
): AsyncGenerator<EventBatch> {
  const wanted = wantedBy(only)
  const tidings = feed.open(wanted)
  const page = async (from: bigint): Promise<Page | undefined> =>
    reader.page(from, batch_max, wanted).catch((error: unknown) => {
      if (error instanceof EventsArchived) throw error
      return undefined
    })
  let position = after
  let ahead: ReturnType<typeof page> | undefined
  try {
    while (!signal?.aborted) {
      const found = await (ahead ?? page(position))
      ahead = undefined
      if (found && found.count > 0) {
        const { count, last, events, isCut } = found
        const isFull = isCut || count === batch_max
        // While a full page is made use of, the next one is on its way.
        if (isFull) ahead = page(last)
        ahead?.catch(() => undefined)
        yield { after: position, position: last, events }
        position = last
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
