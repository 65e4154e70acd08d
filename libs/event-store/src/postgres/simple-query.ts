import { type Connection, type Submittable } from 'pg'

/** Statements that copy rows in or out, which pg's own query cannot: sent and answered in the simple protocol. */
export abstract class SimpleQuery implements Submittable {
  /** @param callback called once; pg puts its query timeout around it. */
  protected constructor(
    private readonly sql: string,
    readonly callback: (error: Error | null | undefined) => void,
  ) {}

  submit(connection: Connection): void {
    // pg's types do not tell of it.
    const simple = connection as unknown as { query(sql: string): void }
    simple.query(this.sql)
  }

  /** After an error pg does not tell of anything more. */
  handleError(error: Error): void {
    this.callback(error)
  }

  handleReadyForQuery(): void {
    this.callback(null)
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
}
