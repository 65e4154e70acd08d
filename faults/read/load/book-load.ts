import { connectLive } from '#live-client'
import { eventually, type Random, type RunningSystem } from '#testing'
import { PATIENCE_MS } from '../../arena/patience.js'
import { Http } from './http.js'
import { Poster } from './poster.js'
import { QUERIES } from './queries.js'
import { RawLive } from './raw-live.js'
import { Reader } from './reader.js'
import { Watcher } from './watcher.js'

/** All clients of one book: one that writes, one for each query, and two that watch: by the live client, and by the contract alone. */
export class BookLoad {
  private constructor(
    readonly poster: Poster,
    readonly readers: readonly Reader[],
    readonly watchers: readonly Watcher[],
  ) {}

  /** @param random only for this book: its clients go on at their own pace. @throws Error when the book cannot be opened. */
  static async start(system: RunningSystem, book: string, random: Random): Promise<BookLoad> {
    const http = new Http(system)
    const poster = new Poster(book, http, random)
    await poster.open()
    const readers = QUERIES.map((query) => new Reader(query, poster, http, random))
    // Whoever has the name may watch the book.
    const isThere = async (): Promise<boolean> =>
      (await http.get(`/v1/ledger/books/${book}/balances/a`, poster.position))?.status === 200
    await eventually(`${book} can be read`, isThere, { timeout_ms: PATIENCE_MS })
    const where = { url: `http://127.0.0.1:${system.ports.queries}`, token: system.token }
    const watchers = [
      new Watcher(book, (onError) => connectLive({ ...where, onError })),
      new Watcher(book, (onError) => new RawLive({ ...where, onError })),
    ]
    poster.start()
    for (const each of readers) each.start()
    return new BookLoad(poster, readers, watchers)
  }

  /** Why nothing more will come about; undefined while it may. */
  get failure(): Error | undefined {
    return this.poster.failure
  }

  /** What has not yet come about of all that was asked for at this moment or later; undefined when all has. */
  missingSince(at_ms: number): string | undefined {
    const { book } = this.poster
    const ack = this.poster.ackSince(at_ms)
    if (!ack) return `${book}: no acknowledgement`
    const reader = this.readers.find(({ answered }) => answered < ack.position)
    if (reader) return `${book}: no answer to ${reader.query.name} at ${ack.position}`
    return this.isTold(ack.position) ? undefined : `${book}: no live change at ${ack.position}`
  }

  /** Has everything that was acknowledged been read and been told? */
  get isCaughtUp(): boolean {
    const { position } = this.poster
    return this.isTold(position) && this.readers.every(({ answered }) => answered >= position)
  }

  close(): void {
    for (const each of this.watchers) each.close()
  }

  /** Was every watch told of the log up to here? */
  private isTold(position: bigint): boolean {
    return this.watchers.every((each) => each.position >= position)
  }
}
