/** What a socket was told, in the order in which it came: positions of one subscription only grow. */
export interface Told {
  readonly positions: readonly number[]
  readonly received_ms: readonly number[]
}

/** Commands, in any order: their positions, and when each was sent and acknowledged, in ms of the shared clock. */
export interface Commands {
  readonly positions: readonly number[]
  readonly sent_ms: readonly number[]
  readonly acked_ms: readonly number[]
}

/** How long it took until a command was seen. Its commit is somewhere between the two moments. */
export interface Seen {
  readonly sinceSent_ms: number
  /** 0 when it was seen before its sender knew. */
  readonly sinceAcked_ms: number
}

/** @param books of the commands, one each. @returns those of each book. */
export function commandsByBook(
  { positions, sent_ms, acked_ms }: Commands,
  books: readonly number[],
): ReadonlyMap<number, Commands> {
  const all = new Map<number, Record<keyof Commands, number[]>>()
  for (const [at, book] of books.entries()) {
    const ofBook = all.get(book) ?? { positions: [], sent_ms: [], acked_ms: [] }
    all.set(book, ofBook)
    ofBook.positions.push(positions[at] ?? NaN)
    ofBook.sent_ms.push(sent_ms[at] ?? NaN)
    ofBook.acked_ms.push(acked_ms[at] ?? NaN)
  }
  return all
}

/**
 * A command on what a socket watches is seen with the first message at or past its position: of changes that follow each other closely the reader gets the newest
 * only, which shows what the others did, too.
 *
 * @returns of each command that was seen, by their positions.
 */
export function seenOf({ positions, sent_ms, acked_ms }: Commands, told: Told): Seen[] {
  const commands = positions
    .map((position, at) => ({ position, sent_ms: sent_ms[at] ?? NaN, acked_ms: acked_ms[at] ?? NaN }))
    .sort((a, b) => a.position - b.position)
  const seen: Seen[] = []
  let at = 0
  for (const { position, ...command } of commands) {
    while (at < told.positions.length && (told.positions[at] ?? NaN) < position) at += 1
    const received_ms = told.received_ms[at]
    if (received_ms === undefined) break
    const sinceAcked_ms = Math.max(0, received_ms - command.acked_ms)
    seen.push({ sinceSent_ms: received_ms - command.sent_ms, sinceAcked_ms })
  }
  return seen
}
