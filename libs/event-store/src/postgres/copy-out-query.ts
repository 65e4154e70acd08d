import { type ClientBase } from 'pg'
import { ByteSink } from '../log/byte-sink.js'
import { COPY_HEADER } from '../log/event-bytes.js'
import { SimpleQuery } from './simple-query.js'

const FIRST_BYTES = 16_384

/** What the server wrote, from the header of the binary format on. */
export interface CopiedOut {
  readonly bytes: Buffer
  /** It would have been more than was asked for: whole rows, and no trailer. The connection is of no further use. */
  readonly isCut: boolean
}

/**
 * One `copy … to stdout (format binary)`: what the server writes, as one piece. Several times cheaper than rows of columns, for it and
 * for us. That a bound of bytes is asked of nobody but held here costs rows that fit nothing: the server sends each row as one message,
 * and the first that does not fit ends the reading.
 */
export class CopyOutQuery extends SimpleQuery {
  private readonly sink = new ByteSink(FIRST_BYTES)
  private isCut = false

  private constructor(
    sql: string,
    private readonly bytes_max: number,
    /** pg reads it. */
    readonly query_timeout: number | undefined,
    callback: (error: Error | null | undefined) => void,
  ) {
    super(sql, callback)
  }

  /**
   * @param bytes_max so many bytes at most, but at least one row.
   * @param within_ms default: the connection's query timeout.
   * @throws DatabaseError when the server refuses.
   */
  static async run(client: ClientBase, sql: string, bytes_max: number, within_ms?: number): Promise<CopiedOut> {
    return new Promise((resolve, reject) => {
      const query = new CopyOutQuery(sql, bytes_max, within_ms, (error) =>
        error ? reject(error) : resolve({ bytes: query.sink.take(), isCut: query.isCut }),
      )
      client.query(query)
    })
  }

  /** pg uses the memory of the chunk again. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.isCut) return
    if (this.sink.length <= COPY_HEADER.length || this.sink.length + chunk.length <= this.bytes_max)
      return this.sink.raw(chunk)
    this.isCut = true
    this.callback(null)
  }
}
