import { type EventLog } from '../log/event-log.js'
import { type LoggedEvent } from '../log/event.js'

/** The part of the log that one node has: all of it, unless replication to it is held back. */
export class Replica {
  readonly #listeners = new Set<(event: LoggedEvent) => void>()
  #end: number | undefined

  constructor(readonly log: EventLog) {
    log.onEvent((event) => {
      if (this.#end === undefined) this.#tell(event)
    })
  }

  /** How many events of the log this node has. */
  get end(): number {
    return this.#end ?? this.log.events.length
  }

  /** Who is told of each event as it arrives. */
  get listeners(): number {
    return this.#listeners.size
  }

  has(event: LoggedEvent): boolean {
    if (this.#end === undefined) return true
    const last = this.log.events[this.#end - 1]
    return last !== undefined && event.position <= last.position
  }

  hold(): void {
    this.#end ??= this.log.events.length
  }

  release(): void {
    const from = this.end
    this.#end = undefined
    for (const event of this.log.events.slice(from)) this.#tell(event)
  }

  /** Called with each event as it arrives here. @returns how to stop. */
  onEvent(listener: (event: LoggedEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(event: LoggedEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
