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
  private count = 0
  private length = 0
  /** No more will be asked for, or taken. */
  isClosed = false
  private wakeTaker: (() => void) | undefined
  private wakeAsker: (() => void) | undefined

  /**
   * @param count_max answers asked for and not taken yet, at most.
   * @param length_max their characters, and those of what is not answered yet: one more is asked for when they are fewer.
   */
  constructor(
    private readonly count_max: number,
    private readonly length_max: number,
  ) {}

  /** Until some were taken, when there is no room for one more; look again then. Undefined in a queue that is closed. */
  room(): Promise<void> | undefined {
    if (this.isClosed || (this.count < this.count_max && this.length < this.length_max)) return undefined
    return new Promise((resolve) => {
      this.wakeAsker = resolve
    })
  }

  /** Keeps a place. @param length of what is asked, in characters. @returns what puts the answer there, once. */
  open(length = 0): (text: string) => void {
    const slot: Slot = { text: undefined, next: undefined }
    if (this.last) this.last.next = slot
    this.last = slot
    this.first ??= slot
    this.count += 1
    this.length += length
    return (text) => {
      slot.text = text
      this.length += text.length - length
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
    this.forget(undefined, this.count)
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
    this.length -= piece.length
    this.wakeAsker?.()
    return piece
  }

  /** So many at the front; `first` is what is left. */
  private forget(first: Slot | undefined, count: number): void {
    this.first = first
    if (!first) this.last = undefined
    this.count -= count
  }
}
