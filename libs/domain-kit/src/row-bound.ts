/** Rows of one answer, at most: those that are read for it, and those that are made of them. */
export const ROWS_MAX = 100_000

/** An answer would hold more rows than {@link ROWS_MAX}: whoever asks for it is to narrow the query. */
export class TooManyRows extends Error {
  override readonly name = 'TooManyRows'

  constructor() {
    super(`more than ${ROWS_MAX} rows; narrow the query`)
  }
}

/** For an `answer` that makes several rows of one. @throws TooManyRows beyond {@link ROWS_MAX} */
export function checkRows(count: number): void {
  if (count > ROWS_MAX) throw new TooManyRows()
}
