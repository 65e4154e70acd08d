import { type RowChange } from './hub.js'
import { type Payload } from './payload.js'

/** Where the changes come from that a subscription tells after what it has read. */
export interface ChangeSource {
  readonly isEmpty: boolean
  /** Changes of a batch that come while it is read from the beginning, and the position of the batch. */
  keep(changes: readonly RowChange[], position: bigint): void
  /** Is something that came meanwhile neither kept nor in what was read at a position? */
  lacks(position: bigint): boolean
  /** Goes on after what was read, with what was kept; or when the reader has taken what waited for it. */
  goOn(): void
  /** Changes of a batch that come later. @returns false when the bound is reached: the reader must begin anew. */
  put(changes: readonly RowChange[], position: bigint): boolean
  take(): Payload | undefined
  clear(): void
}
