import { Problem } from '#runtime'

interface Shared<T> {
  readonly minPosition: bigint
  readonly result: Promise<T>
}

/**
 * Lets queries for the same row that come while one is being read take part in that read. One joins a read that asks for no more than it
 * does itself, so that nobody waits for another's token. It reads anew if what comes is older than its own, and if the other one's time was up before its
 * own is, or the other one was refused, as one that asks for too much. Holds what is under way, and nothing else.
 */
export class SharedReads<T extends { readonly position: bigint }> {
  private readonly underWay = new Map<string, Shared<T>>()

  /** @param isOver is the time up of who asks? @throws what `read` throws, its own or that of a read in which it took part. */
  async read(row: string, minPosition: bigint, read: () => Promise<T>, isOver: () => boolean): Promise<T> {
    // No second chance for one that asks for less: waiting must end.
    for (let mayBeLess = true; ; mayBeLess = false) {
      const other = this.underWay.get(row)
      if (!other || other.minPosition > minPosition || (!mayBeLess && other.minPosition < minPosition))
        return this.begin(row, { minPosition, result: read() })
      const result = await other.result.catch((error: unknown) => {
        if (!isOfAsker(error) || isOver()) throw error
        return undefined
      })
      if (result && result.position >= minPosition) return result
    }
  }

  private async begin(row: string, mine: Shared<T>): Promise<T> {
    this.underWay.set(row, mine)
    try {
      return await mine.result
    } finally {
      if (this.underWay.get(row) === mine) this.underWay.delete(row)
    }
  }
}

/** It says something of who asked, and nothing of the row. */
const isOfAsker = (error: unknown): boolean =>
  error instanceof Problem && (error.code === 'not-fresh-enough' || error.code === 'overloaded')
