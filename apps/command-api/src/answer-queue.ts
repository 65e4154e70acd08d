/** Answers that leave in one piece, in characters. */
const PIECE_LENGTH_MAX = 65_536

interface Slot {
  text: string | undefined
}

/**
 * Answers in the order in which they were asked for, whenever they come. What is there leaves together in large pieces:
 * a write to a socket costs as much as deciding a command.
 */
export class AnswerQueue {
  private readonly slots: Slot[] = []
  /** Nobody will take any more. */
  isAbandoned = false
  private isEnded = false
  private wakeTaker: (() => void) | undefined
  private wakeAsker: (() => void) | undefined

  /** @param size answers asked for and not taken yet, at most. */
  constructor(private readonly size: number) {}

  /** Until one more may be asked for; at once in a queue that was abandoned. */
  room(): Promise<void> | undefined {
    if (this.slots.length < this.size) return undefined
    return new Promise((resolve) => {
      this.wakeAsker = resolve
    })
  }

  /** Keeps a place. @returns what puts the answer there, once. */
  open(): (text: string) => void {
    const slot: Slot = { text: undefined }
    this.slots.push(slot)
    return (text) => {
      slot.text = text
      if (slot === this.slots[0]) this.wakeTaker?.()
    }
  }

  /** No more will be asked for. */
  end(): void {
    this.isEnded = true
    this.wakeTaker?.()
  }

  /** Whoever took answers has gone. */
  abandon(): void {
    this.isAbandoned = true
    this.slots.length = 0
    this.end()
    this.wakeAsker?.()
  }

  /** All that is there, at least one answer; undefined after the last one. */
  async take(): Promise<string | undefined> {
    while (this.slots[0]?.text === undefined) {
      if (this.isEnded && this.slots.length === 0) return undefined
      await new Promise<void>((resolve) => {
        this.wakeTaker = resolve
      })
    }
    let piece = ''
    let count = 0
    for (const { text } of this.slots) {
      if (text === undefined || piece.length > PIECE_LENGTH_MAX) break
      piece += text
      count += 1
    }
    this.slots.splice(0, count)
    this.wakeAsker?.()
    return piece
  }
}
