/** A projection that does not go on in a lane, and why. */
export interface Stop {
  readonly projection: string
  readonly version: number
  readonly build: number
  readonly lane: number
  readonly stopped: {
    /** Of the event that is at fault; where none is, up to where the build is folded. */
    readonly position: string
    readonly stream: string
    readonly revision: string
    /** '' where no event is at fault. */
    readonly type: string
    readonly reason: string
    readonly at: string
  }
}

/** In UTF-16 units. What cannot be folded may be quoted in it, of whatever length. */
const REASON_LENGTH_MAX = 2_000

/** A reason as it can be written down and read again: `json` takes U+0000 and half a surrogate pair, of which no text can be made. */
export function writable(reason: string): string {
  return reason.slice(0, REASON_LENGTH_MAX).toWellFormed().replaceAll('\0', '\\0')
}
