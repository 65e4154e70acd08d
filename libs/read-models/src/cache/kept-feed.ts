/** Changes that a lane's feed keeps: at least the first, at most the second (and a byte bound that may cut deeper). */
export const FEED_CHANGES_MIN = 10_000
const FEED_CHANGES_MAX = 20_000
const FEED_BYTES_MAX = 16 * 1024 * 1024

interface Kept {
  readonly id: string
  readonly changes: number
  readonly bytes: number
}

/** What a lane's feed holds, as its one writer knows it. */
export class KeptFeed {
  private readonly entries: Kept[] = []
  private changes = 0
  private bytes = 0

  add(id: string, changes: number, bytes: number): void {
    this.entries.push({ id, changes, bytes })
    this.changes += changes
    this.bytes += bytes
  }

  /** Over its upper bound the feed is cut down to its lower one. @returns the id of the oldest entry to keep; '' when nothing is to be cut. */
  cut(): string {
    if (this.changes <= FEED_CHANGES_MAX && this.bytes <= FEED_BYTES_MAX) return ''
    let count = 0
    while (count < this.entries.length - 1) {
      const first = this.entries[count]
      if (!first || (this.changes - first.changes < FEED_CHANGES_MIN && this.bytes <= FEED_BYTES_MAX)) break
      this.changes -= first.changes
      this.bytes -= first.bytes
      count += 1
    }
    this.entries.splice(0, count)
    return this.entries[0]?.id ?? ''
  }
}
