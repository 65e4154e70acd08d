import { type EventBatch, EventsArchived, type SubscribeOptions } from '../port.js'
import { type RecordedEvent } from '#domain-kit'
import { type Wanted, wantedBy } from '../wanted.js'
import { Bell, Coming } from './coming.js'

/** Something that says, without promise, that the log has grown; may carry the events themselves. */
export interface Tidings {
  /**
   * Resolves with what is known next, joined to one batch of at most `events_max` events (one commit is never cut), or with undefined after
   * at most `wait_ms` or when only "look again" is known. One call at a time.
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
  /** @param within_ms default: as long as a page may take of a log that is far ahead. */
  page(after: bigint, limit: number, wanted?: Wanted, within_ms?: number): Promise<Page>
}

const POLL_MS = 250
/** For a look whether there is more, which is little: a connection that has fallen silent is given up soon. Doubles with each failure. */
const LOOK_MS = 2_500
const LOOK_MS_MAX = 30_000

/**
 * Catch-up, then live, contiguous by construction: a live batch is used only when it begins where the last one ended;
 * whatever else comes leads back to reading the log. Waits out an unavailable log, and while it waits hears tidings and the signal.
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
  const bell = new Bell()
  let position = after
  let failures = 0
  const read = (within_ms?: number): Coming<Read> =>
    new Coming(readPage(reader, position, batch_max, wanted, within_ms), bell)
  const look = (): Coming<Read> => read(Math.min(LOOK_MS * 2 ** failures, LOOK_MS_MAX))
  let reading: Coming<Read> | undefined
  let news: Coming<EventBatch | undefined> | undefined
  /** Tidings are of no use before the log was read. */
  let isBehind = true
  signal?.addEventListener('abort', bell.ring)
  try {
    while (!signal?.aborted) {
      if (isBehind) reading ??= failures === 0 ? read() : look()
      else news ??= new Coming(tidings.next(POLL_MS, batch_max), bell)
      let batch: EventBatch | undefined
      if (reading?.isHere) {
        const { from, page } = reading.take()
        reading = undefined
        failures = page ? 0 : failures + 1
        batch = page && { after: from, position: page.last, events: page.events }
        const isFull = page !== undefined && (page.isCut || page.count >= batch_max)
        // One that was begun before tidings were missed does not make up for it.
        isBehind = isFull || (isBehind && from < position)
      } else if (!isBehind && news?.isHere) {
        batch = news.take()
        news = undefined
        if (!batch) reading ??= look()
        isBehind = batch !== undefined && (batch.after > position || beyond(position, batch).events.length > batch_max)
        if (isBehind) continue
      } else await bell.rung()
      if (!batch || batch.position <= position) continue
      const fresh = beyond(position, batch)
      ;({ position } = batch)
      // While a full page is made use of, the next one is on its way.
      if (isBehind) reading ??= read()
      yield fresh
    }
  } finally {
    signal?.removeEventListener('abort', bell.ring)
    tidings.close()
  }
}

interface Read {
  readonly from: bigint
  /** Undefined: the log did not answer. */
  readonly page: Page | undefined
}

async function readPage(
  reader: Pages,
  from: bigint,
  batch_max: number,
  wanted: Wanted | undefined,
  within_ms: number | undefined,
): Promise<Read> {
  try {
    return { from, page: await reader.page(from, batch_max, wanted, within_ms) }
  } catch (error) {
    if (error instanceof EventsArchived) throw error
    return { from, page: undefined }
  }
}

/** What of it stands after a position at which it begins, or which is within it. */
function beyond(after: bigint, batch: EventBatch): EventBatch {
  const { position, events } = batch
  return batch.after === after ? batch : { after, position, events: events.filter((event) => event.position > after) }
}
