const LEAST = 256
const MOST = 4_096
/** What one commit should take: a batch beyond it makes the ones behind it wait longer than it saves. */
const TARGET_MS = 20

/**
 * How many events a batch may have: as many as are committed within some 20 ms, so that a slow disk gets smaller
 * batches and a fast one larger ones. Grows by steps and shrinks by a quarter (additive increase, multiplicative decrease: Chiu
 * and Jain, 1989).
 */
export class BatchLimit {
  events_max = 1_024

  /** A batch of so many events was committed. */
  committed(events: number, commit_ms: number): void {
    if (commit_ms > TARGET_MS) this.shrink(events)
    else if (events * 2 > this.events_max) this.events_max = Math.min(MOST, this.events_max + 128)
  }

  /** A batch of so many events was not committed, as far as anybody knows: it may have taken too long. */
  failed(events: number): void {
    this.shrink(events)
  }

  private shrink(events: number): void {
    this.events_max = Math.max(LEAST, Math.floor(Math.min(this.events_max, events) * 0.75))
  }
}
