import { type ClientBase } from 'pg'
import { Leadership } from './leadership.js'
import { END_TERM_SQL, SETTLE_SQL } from './sql.js'

/**
 * For whoever begins under an epoch under which it may have begun before. A connection that it has given up lives on in the database,
 * and the fence takes what it still commits for this term's own: so it is ended, and what it can no longer be kept from is waited for.
 *
 * @param client on which the term begins; what it reads from now on includes all that.
 */
export async function clearTerm(client: ClientBase, schema: string, name: string, epoch: bigint): Promise<void> {
  await client.query(END_TERM_SQL, [Leadership.connectionName(name, epoch)])
  await client.query(SETTLE_SQL(schema), [name])
}
