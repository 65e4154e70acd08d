import pg from 'pg'

/** Where reading ends, whichever comes first. */
export interface RowBound {
  /** That the statement asks for, at most. */
  readonly rows_max: number
  /** Of all rows together, as they come over the wire. The first row is read whatever its size. */
  readonly bytes_max: number
}

type Row = Readonly<Record<string, unknown>>

export interface BoundedRows {
  readonly rows: readonly Row[]
  /** There are more, and they are beyond the bound. */
  readonly isCut: boolean
}

/** A page of a usual size comes at once; what may be more comes so many rows at a time, so that what is beyond the bound is hardly sent. */
const CHUNK_ROWS = 101

/** What a connection tells the query that is under way; pg's types leave it out. */
interface Handlers {
  handleError(error: Error, connection: pg.Connection): void
  handleDataRow(row: { readonly length: number }): void
  handlePortalSuspended(connection: pg.Connection): void
}

type Settle = (error: Error | null | undefined, result: pg.QueryResult<Row>) => void

const Query = pg.Query as unknown as new (config: object, settle: Settle) => pg.Query & Handlers

/** Drops what comes beyond the bound before anybody looks into it, and asks for no more of the same statement: one snapshot. */
class BoundedQuery extends Query {
  isCut = false
  /** 0: all at once. */
  private readonly chunk_rows: number
  private rows_count = 0
  private bytes = 0

  constructor(
    config: pg.QueryConfig,
    private readonly bound: RowBound,
    settle: Settle,
  ) {
    const rows = bound.rows_max > CHUNK_ROWS ? CHUNK_ROWS : 0
    super({ ...config, rows }, settle)
    this.chunk_rows = rows
  }

  override handleDataRow(row: { readonly length: number }): void {
    this.bytes += row.length
    this.isCut ||= this.rows_count > 0 && this.bytes > this.bound.bytes_max
    if (this.isCut) return
    this.rows_count += 1
    super.handleDataRow(row)
  }

  /** Where rows come so many at a time nothing was asked that ends the exchange: after an error the server would wait for that. */
  override handleError(error: Error, connection: pg.Connection): void {
    if (this.chunk_rows > 0 && error instanceof pg.DatabaseError) connection.sync()
    super.handleError(error, connection)
  }

  override handlePortalSuspended(connection: pg.Connection): void {
    if (this.isCut) connection.sync()
    else super.handlePortalSuspended(connection)
  }
}

/** The rows of one statement, up to a bound. @throws what the connection or the server says. */
export function queryBounded(client: pg.ClientBase, config: pg.QueryConfig, bound: RowBound): Promise<BoundedRows> {
  return new Promise((resolve, reject) => {
    const query: BoundedQuery = new BoundedQuery(config, bound, (error, result) => {
      if (error) reject(error)
      else resolve({ rows: result.rows, isCut: query.isCut })
    })
    client.query(query)
  })
}
