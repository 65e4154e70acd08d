import { move, type System } from './system.js'

/** Posts one transaction after the other to a book, `0`, `1`, `2` …, until it is ended. */
export class Posting {
  /** Ids that were acknowledged. */
  readonly posted: string[] = []
  private isOver = false
  private readonly done: Promise<void>

  constructor(
    private readonly system: System,
    private readonly book: string,
  ) {
    this.done = this.run()
    // Thrown by `end`; until then nobody waits for it.
    this.done.catch(() => undefined)
  }

  /** @throws when a command was not accepted. */
  async end(): Promise<void> {
    this.isOver = true
    await this.done
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const id = String(this.posted.length)
      const { status } = await this.system.post(`/v1/ledger/books/${this.book}/transactions`, move(id, '1'))
      if (status !== 201) throw new Error(`a command was answered ${status}`)
      this.posted.push(id)
    }
  }
}
