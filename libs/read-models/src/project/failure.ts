import pg from 'pg'

/** A lane is another projector's by now, or was moved on by what an earlier connection had sent: whatever was in hand is done there, or will be. */
export class Lost extends Error {
  override readonly name = 'Lost'

  constructor() {
    super('one of these lanes is in other hands by now, or further than was known')
  }
}

/** The code of a projection threw: it will do so again with the same events. */
export class FoldFailure extends Error {
  override readonly name = 'FoldFailure'

  constructor(projection: string, cause: unknown) {
    super(`${projection} cannot be folded`, { cause })
  }
}

/** The database did not answer a fold's question: that is not the fold's fault, unless it is what was asked for. */
export class LoadFailure extends Error {
  override readonly name = 'LoadFailure'

  constructor(cause: unknown) {
    super('rows cannot be read', { cause })
  }
}

/**
 * Classes of SQLSTATE that say that the data is at fault, and not the server: cardinality, data exception, integrity constraint,
 * program limits such as a row too large.
 */
const DATA_AT_FAULT = new Set(['21', '22', '23', '54'])

/** Would the same batch fail again, wherever and whenever it is folded? So it does, too, when no row can have the key that a fold asks for. */
export function isPoison(error: unknown): boolean {
  if (error instanceof FoldFailure) return true
  if (error instanceof LoadFailure) return isPoison(error.cause)
  return error instanceof pg.DatabaseError && DATA_AT_FAULT.has(error.code?.slice(0, 2) ?? '')
}
