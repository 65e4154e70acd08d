import { Problem } from '#runtime'

/** Waits for positions that are still to come: so many at a time, and when half of the places are taken so many for one token subject, that nobody takes them all. */
export class WaitsAside {
  private count = 0
  private readonly ofSubject = new Map<string, number>()

  constructor(
    private readonly count_max: number,
    private readonly ofSubject_max: number,
  ) {}

  /**
   * It counts as the first asker's, whoever takes part.
   *
   * @throws Problem `overloaded`; whatever `wait` throws
   */
  async wait<T>([asker]: readonly { readonly subject: string }[], wait: () => Promise<T>): Promise<T> {
    const subject = asker?.subject ?? ''
    const theirs = this.ofSubject.get(subject) ?? 0
    if (theirs >= this.ofSubject_max && this.count >= this.count_max / 2)
      throw refusal(`${theirs} subscriptions of the subject of this token`)
    if (this.count >= this.count_max) throw refusal(`${this.count} subscriptions`)
    this.count += 1
    this.ofSubject.set(subject, theirs + 1)
    try {
      return await wait()
    } finally {
      this.count -= 1
      const left = (this.ofSubject.get(subject) ?? 1) - 1
      if (left > 0) this.ofSubject.set(subject, left)
      else this.ofSubject.delete(subject)
    }
  }
}

const refusal = (who: string): Problem =>
  Problem.of('overloaded', `${who} wait for a position that is still to come, the most that may`)
