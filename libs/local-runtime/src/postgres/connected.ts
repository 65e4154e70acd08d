import pg from 'pg'

/** Lends a connection of its own to whoever sets up a server. @throws Error when the server ends meanwhile, which ends nobody else. */
export async function connected<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  // The query under way is told, too, and throws: without a listener the event would end this process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
