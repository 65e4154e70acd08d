import { type ChangeSource } from './change-source.js'
import { type RowChange } from './hub.js'
import { type Payload } from './payload.js'
import { type ChangeQueue, queueFor } from './queue.js'

/** Changes that are kept while it is read besides those of the newest batch. */
const KEPT_MAX = 1_000

/** A document or a list: what changed is what is told. */
export class Queued implements ChangeSource {
  private readonly queue: ChangeQueue
  private kept: readonly RowChange[] = []
  /** Too many came: up to here they were not kept. */
  private droppedTo = 0n

  /** @param told changes up to its position are in what was told. */
  constructor(
    private readonly resource: Parameters<typeof queueFor>[0],
    private readonly told: { readonly position: bigint },
  ) {
    this.queue = queueFor(resource)
  }

  get isEmpty(): boolean {
    return this.queue.isEmpty
  }

  keep(changes: readonly RowChange[], position: bigint): void {
    // Of a document the newest says it all.
    if (this.resource.kind === 'document') this.kept = changes.slice(-1)
    else if (this.kept.length < KEPT_MAX) this.kept = [...this.kept, ...changes]
    else {
      this.droppedTo = position
      this.kept = []
    }
  }

  lacks(position: bigint): boolean {
    return this.droppedTo > position
  }

  goOn(): void {
    const { kept } = this
    this.kept = []
    this.put(kept)
  }

  put(changes: readonly RowChange[]): boolean {
    const isList = this.resource.kind === 'list'
    const fresh = changes.filter(({ created, changed }) => (isList ? created.position : changed) > this.told.position)
    return fresh.length === 0 || this.queue.put(fresh)
  }

  take(): Payload | undefined {
    return this.queue.take()
  }

  clear(): void {
    this.kept = []
    this.droppedTo = 0n
    this.queue.clear()
  }
}
