import { type ServerResponse } from 'node:http'
import { atExpiry, type Expiring } from '#runtime'

/** The answers of `GET /v1/events` that are under way: without a limit they go on until somebody ends them. */
export class EventTails {
  private readonly running = new Set<ServerResponse>()
  private isStopping = false

  /** @returns what ends it: its reader has left, its token has expired, or this instance stops. */
  begin(response: ServerResponse, token: Expiring): AbortSignal {
    const tail = new AbortController()
    const callOff = atExpiry(token, () => tail.abort())
    this.running.add(response)
    const left = (): void => {
      callOff()
      this.running.delete(response)
      tail.abort()
    }
    response.once('close', left)
    // As quiet as the log is.
    response.socket?.setTimeout(0)
    if (this.isStopping) response.destroy()
    // Who had left before is not told of again.
    if (response.destroyed) left()
    return tail.signal
  }

  /** Before a planned stop. Each is cut off, so that what is short never looks like the whole. */
  end(): void {
    this.isStopping = true
    for (const response of this.running) response.destroy()
  }
}
