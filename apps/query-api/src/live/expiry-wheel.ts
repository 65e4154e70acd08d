/** Something that is due at a time, in ms since 1970. It must not change while it is on the wheel. */
export interface Timed {
  readonly dueAt_ms: number
}

const TICK_MS = 250

/** One timer for any number of things: each is called up to 250 ms before it is due, never after (but for a busy process). */
export class ExpiryWheel<T extends Timed> {
  private readonly slots = new Map<number, Set<T>>()
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly onDue: (item: T) => void) {}

  add(item: T): void {
    const slot = slotOf(item)
    const items = this.slots.get(slot) ?? new Set()
    this.slots.set(slot, items.add(item))
    this.timer ??= setInterval(() => this.turn(Date.now()), TICK_MS).unref()
  }

  delete(item: T): void {
    const slot = slotOf(item)
    const items = this.slots.get(slot)
    if (!items?.delete(item) || items.size > 0) return
    this.slots.delete(slot)
    if (this.slots.size === 0) this.close()
  }

  /** All that is due before the next turn. @param now_ms since 1970. */
  turn(now_ms: number): void {
    for (const [slot, items] of this.slots) {
      if (slot * TICK_MS > now_ms) continue
      this.slots.delete(slot)
      for (const each of items) this.onDue(each)
    }
    if (this.slots.size === 0) this.close()
  }

  close(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }
}

/** The last turn that is certain to come before the item is due. */
function slotOf({ dueAt_ms }: Timed): number {
  return Math.floor(dueAt_ms / TICK_MS) - 1
}
