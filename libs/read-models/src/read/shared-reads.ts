interface Shared<T> {
  readonly minPosition: bigint
  readonly result: Promise<T>
}

/**
 * Lets queries for the same row that come while one is being read take part in that read. One joins a read that asks for no more than it
 * does itself, so that nobody waits for another's token, and reads anew if what comes is older than its own. Holds what is under
 * way, and nothing else.
 */
export class SharedReads<T extends { readonly position: bigint }> {
  private readonly underWay = new Map<string, Shared<T>>()

  async read(row: string, minPosition: bigint, read: () => Promise<T>): Promise<T> {
    const other = this.underWay.get(row)
    if (other && other.minPosition <= minPosition) {
      const result = await other.result
      if (result.position >= minPosition) return result
      // No second chance for one that asks for less: waiting must end.
      const same = this.underWay.get(row)
      if (same?.minPosition === minPosition) return same.result
    }
    const mine: Shared<T> = { minPosition, result: read() }
    this.underWay.set(row, mine)
    try {
      return await mine.result
    } finally {
      if (this.underWay.get(row) === mine) this.underWay.delete(row)
    }
  }
}
