import pg from 'pg'

/** SQLSTATE: connection, resources, an operator's intervention, the system; and a primary that is none any more. */
const SERVER_AT_FAULT = /^(08|53|57|58|25006)/

/**
 * Did the server fail what it was asked, so that the same may go later? A connection that breaks, or is not had, has no SQLSTATE.
 *
 * @param error as pg throws it.
 */
export function isServerAtFault(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || SERVER_AT_FAULT.test(error.code ?? '')
}
