import pg from 'pg'

/** A connection of a term, not connected yet. @param name its `application_name`: a takeover ends those of earlier terms by it. */
export function termClient(url: string, name: string): pg.Client {
  return new pg.Client({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
  })
}
