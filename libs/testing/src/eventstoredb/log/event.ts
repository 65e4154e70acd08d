/** An event as a client proposes it. */
export interface ProposedEvent {
  /** A lower-case UUID. */
  readonly id: string
  readonly type: string
  readonly contentType: string
  readonly data: Uint8Array
  readonly metadata: Uint8Array
}

/** An event in the log. */
export interface LoggedEvent extends ProposedEvent {
  readonly stream: string
  readonly revision: bigint
  /** Commit and prepare position at once: the server writes both the same. */
  readonly position: bigint
  /** When it was written: 100 ns units since 1970. */
  readonly created_ticks: bigint
}

/** The revision of a tombstone: 2^63-1. */
export const TOMBSTONE_REVISION = 2n ** 63n - 1n
export const NO_REVISION = -1n

const MS_TICKS = 10_000n

// A server has a clock of its own: a test that meddles with this process's must not move it.
export const nowTicks = (): bigint => BigInt(Math.floor(performance.timeOrigin + performance.now())) * MS_TICKS
/** What counts against the limit of an append. */
export const sizeOf = ({ data, metadata }: ProposedEvent): number => data.byteLength + metadata.byteLength
