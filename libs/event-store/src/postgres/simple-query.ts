import { type Submittable, type Connection } from 'pg'

/** A query that pg's own cannot be: told to the server, and answered, in the simple protocol by one that copies rows in or out. */
export abstract class SimpleQuery implements Submittable {
  /** @param callback called once; pg puts its query timeout around it. */
  protected constructor(readonly callback: (error: Error | null | undefined) => void) {}

  abstract submit(connection: Connection): void

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
