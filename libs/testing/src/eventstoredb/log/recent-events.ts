import { type LoggedEvent } from './event.js'

/**
 * A node's memory of the events written last, by id: all that makes a repeated append without an exact expectation
 * idempotent. It is lost with the process, holds `size` events, and remembers one stream an id.
 */
export class RecentEvents {
  readonly #byId = new Map<string, LoggedEvent>()

  constructor(readonly size: number) {}

  add(event: LoggedEvent): void {
    this.#byId.delete(event.id)
    this.#byId.set(event.id, event)
    if (this.#byId.size <= this.size) return
    const [oldest] = this.#byId.keys()
    if (oldest !== undefined) this.#byId.delete(oldest)
  }

  find(stream: string, id: string): LoggedEvent | undefined {
    const event = this.#byId.get(id)
    return event?.stream === stream ? event : undefined
  }

  clear(): void {
    this.#byId.clear()
  }
}
