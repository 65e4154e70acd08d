import { type Answer } from '#read-models'
import { type ChangeSource } from './change-source.js'
import { type RowChange } from './hub.js'

/** What is recomputed for: a subscription. */
export interface Recomputing {
  /** Changes up to here were told. */
  readonly position: bigint
  /** Neither closed nor being read from the beginning. */
  isFollowing(): boolean
  /** Something waits for its reader. */
  readonly isPending: boolean
  /** What it is by now, at a position at least. */
  state(minPosition: bigint): Promise<Pick<Answer, 'position'> & { readonly data: object | null }>
  /** Tells its new state. */
  become(position: bigint, data: object | null): void
  fail(error: unknown): void
}

/**
 * A collection: what has changed is computed anew. Changes that come meanwhile, or while the reader has not taken the last state, are answered by one more
 * computation: nothing is computed for a reader that does not read.
 */
export class Recomputed implements ChangeSource {
  /** Up to here it is known to have changed. */
  private staleAt = 0n
  private isComputing = false

  constructor(private readonly of: Recomputing) {}

  /** What was computed is handed over. */
  readonly isEmpty = true

  keep(_: readonly RowChange[], position: bigint): void {
    this.staleAt = position
  }

  lacks(): boolean {
    return false
  }

  goOn(): void {
    if (this.isComputing) return
    this.isComputing = true
    void this.recompute()
  }

  put(_: readonly RowChange[], position: bigint): boolean {
    this.staleAt = position
    this.goOn()
    return true
  }

  take(): undefined {
    return undefined
  }

  clear(): void {
    this.staleAt = 0n
  }

  /** A reset that begins meanwhile reads what is computed here, and may have read something newer. */
  private async recompute(): Promise<void> {
    const { of } = this
    try {
      while (of.isFollowing() && !of.isPending && this.staleAt > of.position) {
        const { position, data } = await of.state(this.staleAt)
        if (of.isFollowing() && position > of.position) of.become(position, data)
      }
    } catch (error) {
      of.fail(error)
    } finally {
      this.isComputing = false
    }
  }
}
