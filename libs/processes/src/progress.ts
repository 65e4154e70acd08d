/**
 * What of the log is dealt with, when several events are under way at once: the checkpoint is the last position before the first
 * event that is not done yet. Only positions that were seen become checkpoints, because positions may have gaps.
 */
export class Progress {
  private marks: { position: bigint; isDone: boolean }[] = []
  private undone = 0

  constructor(private reached: bigint) {}

  get checkpoint(): bigint {
    return this.reached
  }

  /** Places kept, because the checkpoint has not passed them: one an event, and one behind a run of them. */
  get open(): number {
    return this.marks.length
  }

  /** Events taken up and not done yet. */
  get underWay(): number {
    return this.undone
  }

  /** An event is taken up; positions only grow. @returns what to call when it is done with. */
  begin(position: bigint): () => void {
    const mark = { position, isDone: false }
    this.marks.push(mark)
    this.undone += 1
    return () => {
      mark.isDone = true
      this.undone -= 1
      this.advance()
    }
  }

  /** Nothing else is to be done up to here. */
  pass(position: bigint): void {
    const last = this.marks.at(-1)
    if (last?.isDone) last.position = position
    else this.marks.push({ position, isDone: true })
    this.advance()
  }

  private advance(): void {
    const isOpen = this.marks.findIndex(({ isDone }) => !isDone)
    const done = this.marks.splice(0, isOpen < 0 ? this.marks.length : isOpen)
    this.reached = done.at(-1)?.position ?? this.reached
  }
}
