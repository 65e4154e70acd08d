import { Problem } from '#runtime'

export interface SubjectPlacesOptions {
  /** At the same time. */
  readonly places_max: number
  /** As many of them are one token subject's at most, once half of all are taken. */
  readonly ofSubject_max: number
  /** Who waits there, for the error. */
  readonly who: string
}

/** Places of those who wait for positions that are still to come: one subject does not take them all. */
export class SubjectPlaces {
  private count = 0
  private readonly ofSubject = new Map<string, number>()

  constructor(private readonly options: SubjectPlacesOptions) {}

  /**
   * @param subject undefined: of nobody who shares.
   * @returns gives the place back, once.
   * @throws Problem `overloaded`
   */
  take(subject: string | undefined): () => void {
    const { places_max, ofSubject_max, who } = this.options
    if (this.count >= places_max) throw refusal(`${this.count} ${who}`)
    const theirs = subject === undefined ? 0 : (this.ofSubject.get(subject) ?? 0)
    if (theirs >= ofSubject_max && this.count >= places_max / 2)
      throw refusal(`${theirs} ${who} of the subject of this token`)
    this.count += 1
    if (subject !== undefined) this.ofSubject.set(subject, theirs + 1)
    return () => this.giveBack(subject)
  }

  private giveBack(subject: string | undefined): void {
    this.count -= 1
    if (subject === undefined) return
    const left = (this.ofSubject.get(subject) ?? 1) - 1
    if (left > 0) this.ofSubject.set(subject, left)
    else this.ofSubject.delete(subject)
  }
}

const refusal = (who: string): Problem =>
  Problem.of('overloaded', `${who} wait for a position that is still to come, the most that may`)
