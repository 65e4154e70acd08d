import pg from 'pg'

/** What a failed try says. */
export type Blame =
  /** The replica cannot be reached, hangs or shuts down. */
  | 'replica'
  /** All its connections are busy. */
  | 'load'
  /** The statement did not go here; elsewhere it may: a migration has not replicated, or replay got in its way. */
  | 'try'

/** A try that was ended from this side. */
export class CutOff extends Error {
  override readonly name = 'CutOff'
}

/** pg-pool's words for one that waited for a connection of the pool in vain, as opposed to one that could not connect. */
const NO_FREE_CONNECTION = 'timeout exceeded when trying to connect'

export function blameFor(error: unknown): Blame {
  // Class 57P: shutdown, crash of another backend, not yet accepting connections.
  if (error instanceof pg.DatabaseError) return error.code?.startsWith('57P') ? 'replica' : 'try'
  if (error instanceof Error && error.message === NO_FREE_CONNECTION) return 'load'
  return 'replica'
}

/** Class 42, syntax error or access rule violation: what all replicas say is a bug. */
export function isWrongStatement(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code?.startsWith('42') === true
}

/** No such table or schema: a build that is not live yet, or a migration that has not replicated. */
export function isMissing(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '42P01' || error.code === '3F000')
}
