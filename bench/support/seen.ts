/** What a socket was told, in the order in which it came: positions of one subscription only grow. */
export interface Told {
  readonly positions: readonly number[]
  readonly received_ms: readonly number[]
}

/** Commands, in any order: their positions, and when each was sent. */
export interface Sent {
  readonly positions: readonly number[]
  readonly sent_ms: readonly number[]
}

/** @param books of the commands, one each. @returns those of each book. */
export function sentByBook({ positions, sent_ms }: Sent, books: readonly number[]): ReadonlyMap<number, Sent> {
  const all = new Map<number, { readonly positions: number[]; readonly sent_ms: number[] }>()
  for (const [at, book] of books.entries()) {
    const ofBook = all.get(book) ?? { positions: [], sent_ms: [] }
    all.set(book, ofBook)
    ofBook.positions.push(positions[at] ?? NaN)
    ofBook.sent_ms.push(sent_ms[at] ?? NaN)
  }
  return all
}

/**
 * A command on what a socket watches is seen with the first message at or past its position: of changes that follow each other closely the reader gets the newest
 * only, which shows what the others did, too.
 *
 * @returns for each command that was seen how long that took, in ms; one that was seen before its sender knew was seen at once.
 */
export function seenAfter_ms(sent: Sent, told: Told): number[] {
  const commands = sent.positions
    .map((position, at) => ({ position, sent_ms: sent.sent_ms[at] ?? NaN }))
    .sort((a, b) => a.position - b.position)
  const seen: number[] = []
  let at = 0
  for (const { position, sent_ms } of commands) {
    while (at < told.positions.length && (told.positions[at] ?? NaN) < position) at += 1
    const received_ms = told.received_ms[at]
    if (received_ms === undefined) break
    seen.push(Math.max(0, received_ms - sent_ms))
  }
  return seen
}
