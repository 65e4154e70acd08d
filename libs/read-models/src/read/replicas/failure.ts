import pg from 'pg'
import { Problem } from '#runtime'

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
function isMissing(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '42P01' || error.code === '3F000')
}

export function overloaded(): Problem {
  return Problem.of('overloaded', 'the replicas have all the queries that they may have')
}

/** What is told of a failed try when nobody else is left to be asked: a Problem, or a bug in the statement. */
export function toldOf(error: unknown): unknown {
  if (isMissing(error))
    return Problem.of('unavailable', 'the read model is not there yet: it is being built, or has not replicated')
  if (error instanceof Problem || isWrongStatement(error)) return error
  return blameFor(error) === 'load' ? overloaded() : Problem.of('unavailable', 'no replica answers')
}
