import { type DocumentResource, type ListResource, type Resource } from '#domain-kit'
import { type RowChange } from './hub.js'
import { type Payload } from './payload.js'
import { itemsPayload, statePayload } from './shared-payload.js'

/** What waits to be sent to one subscriber of a resource. Bounded, whatever the reader does. */
export interface ChangeQueue {
  readonly isEmpty: boolean
  /** @returns false when the bound is reached: the reader must begin anew. */
  put(changes: readonly RowChange[]): boolean
  take(): Payload | undefined
  clear(): void
}

/** Documents: only the newest state waits, however slow the reader. */
class NewestState implements ChangeQueue {
  private newest: RowChange | undefined
  constructor(private readonly resource: DocumentResource) {}

  get isEmpty(): boolean {
    return this.newest === undefined
  }

  put(changes: readonly RowChange[]): boolean {
    this.newest = changes.at(-1) ?? this.newest
    return true
  }

  take(): Payload | undefined {
    const { newest } = this
    this.newest = undefined
    return newest && statePayload(this.resource, newest)
  }

  clear(): void {
    this.newest = undefined
  }
}

const ITEMS_WAITING_MAX = 1_000

/**
 * Lists: each new item once, in log order; a reader for whom a thousand items wait already when more come begins anew. How many come at once is no
 * doing of the reader's, and is bounded by the batch that brings them.
 */
class EachItem implements ChangeQueue {
  private waiting: RowChange[] = []
  constructor(private readonly resource: ListResource) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0
  }

  put(changes: readonly RowChange[]): boolean {
    if (this.waiting.length >= ITEMS_WAITING_MAX) return false
    for (const each of changes) if (each.op === 'new') this.waiting.push(each)
    return true
  }

  take(): Payload | undefined {
    const [first] = this.waiting
    if (!first) return undefined
    const { position } = first.created
    const more = this.waiting.findIndex(({ created }) => created.position !== position)
    const taken = this.waiting.splice(0, more < 0 ? this.waiting.length : more)
    return itemsPayload(this.resource, first, taken)
  }

  clear(): void {
    this.waiting = []
  }
}

export function queueFor(resource: Exclude<Resource, { kind: 'collection' }>): ChangeQueue {
  return resource.kind === 'document' ? new NewestState(resource) : new EachItem(resource)
}
