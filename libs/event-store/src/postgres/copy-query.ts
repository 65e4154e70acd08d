import { type ClientBase, type Connection } from 'pg'
import { SimpleQuery } from './simple-query.js'

/** What pg's connection can do beyond its types. */
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}

/**
 * Statements of which some are `copy … from stdin`, and the rows of each of those, sent at once without waiting for the server to ask for
 * them: one round trip. A simple query of several statements is one transaction unless one is open. When a statement fails, the server
 * throws the rows away that are still to come (PostgreSQL documentation, "COPY Operations").
 */
export class CopyQuery extends SimpleQuery {
  private constructor(
    sql: string,
    private readonly copies: readonly Buffer[],
    callback: (error: Error | null | undefined) => void,
  ) {
    super(sql, callback)
  }

  /** @throws DatabaseError when the server refuses; the transaction is then rolled back, if the statements were one. */
  static async run(client: ClientBase, sql: string, ...copies: readonly Buffer[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      client.query(new CopyQuery(sql, copies, (error) => (error ? reject(error) : resolve())))
    })
  }

  override submit(connection: Connection): void {
    super.submit(connection)
    const copy = connection as unknown as CopyConnection
    for (const rows of this.copies) {
      copy.sendCopyFromChunk(rows)
      copy.endCopyFrom()
    }
  }

  handleCopyInResponse(): void {}
}
