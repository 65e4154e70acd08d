import { type ServerResponse } from 'node:http'

/** The answers of `GET /v1/events` that are under way: without a limit they go on until somebody ends them. */
export class EventTails {
  private readonly running = new Set<AbortController>()
  private isStopping = false

  /** @returns what ends it: its reader has left, or this instance stops. */
  begin(response: ServerResponse): AbortSignal {
    const tail = new AbortController()
    this.running.add(tail)
    response.once('close', () => {
      this.running.delete(tail)
      tail.abort()
    })
    // As quiet as the log is.
    response.socket?.setTimeout(0)
    if (this.isStopping) tail.abort()
    return tail.signal
  }

  /** Before a planned stop: each ends after the line at which it is. */
  end(): void {
    this.isStopping = true
    for (const tail of this.running) tail.abort()
  }
}
