import { type Peer, type RequestContext } from '../contract.js'

/** A caller whose time is up says so itself; this is for one that cannot. */
const GRACE_MS = 200

/**
 * A request or subscription that a handler works on. The signal is made when the handler first looks at it: most never
 * do, and an AbortController with its timer costs more than a small append.
 */
export class Running implements RequestContext {
  private controller: AbortController | undefined
  private timer: NodeJS.Timeout | undefined
  private isAborted = false

  constructor(
    readonly peer: Peer,
    readonly deadline_ms: number,
  ) {}

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController()
      const left_ms = this.deadline_ms - performance.now()
      if (this.isAborted) this.controller.abort()
      else if (Number.isFinite(left_ms)) this.timer = setTimeout(() => this.abort(), Math.max(0, left_ms) + GRACE_MS)
    }
    return this.controller.signal
  }

  abort(): void {
    this.isAborted = true
    clearTimeout(this.timer)
    this.controller?.abort()
  }

  done(): void {
    clearTimeout(this.timer)
  }
}
