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

  /** A batch of so many appends was committed. */
  committed(appends: number, commit_ms: number): void {
    if (commit_ms > TARGET_MS) this.events_max = Math.max(LEAST, Math.floor(Math.min(this.events_max, appends) * 0.75))
    else if (appends * 2 > this.events_max) this.events_max = Math.min(MOST, this.events_max + 128)
  }
}
