/** Answers that leave in one piece, in characters. */
const PIECE_LENGTH_MAX = 65_536

interface Slot {
  text: string | undefined
  /** The one behind it. */
  next: Slot | undefined
}

/**
 * Answers in the order in which they were asked for, whenever they come. What is there leaves together in large pieces:
 * a write to a socket costs as much as deciding a command.
 */
export class AnswerQueue {
  private first: Slot | undefined
  private last: Slot | undefined
  private length = 0
  /** No more will be asked for, or taken. */
  isClosed = false
  private wakeTaker: (() => void) | undefined
  private wakeAsker: (() => void) | undefined

  /** @param size answers asked for and not taken yet, at most. */
  constructor(private readonly size: number) {}

  /** Until one more may be asked for; at once in a queue that is closed. */
  room(): Promise<void> | undefined {
    if (this.length < this.size) return undefined
    return new Promise((resolve) => {
      this.wakeAsker = resolve
    })
  }

  /** Keeps a place. @returns what puts the answer there, once. */
  open(): (text: string) => void {
    const slot: Slot = { text: undefined, next: undefined }
    if (this.last) this.last.next = slot
    this.last = slot
    this.first ??= slot
    this.length += 1
    return (text) => {
      slot.text = text
      if (slot === this.first) this.wakeTaker?.()
    }
  }

  /** No more will be asked for. */
  end(): void {
    this.isClosed = true
    this.wakeTaker?.()
    this.wakeAsker?.()
  }

  /** Whoever took answers has gone. */
  abandon(): void {
    this.forget(undefined, this.length)
    this.end()
  }

  /** All that is there, at least one answer; undefined after the last one. */
  async take(): Promise<string | undefined> {
    while (this.first?.text === undefined) {
      if (this.isClosed && !this.first) return undefined
      await new Promise<void>((resolve) => {
        this.wakeTaker = resolve
      })
    }
    let piece = ''
    let count = 0
    let next: Slot | undefined = this.first
    while (next?.text !== undefined && piece.length <= PIECE_LENGTH_MAX) {
      piece += next.text
      count += 1
      next = next.next
    }
    this.forget(next, count)
    this.wakeAsker?.()
    return piece
  }

  /** So many at the front; `first` is what is left. */
  private forget(first: Slot | undefined, count: number): void {
    this.first = first
    if (!first) this.last = undefined
    this.length -= count
  }
}
