import { type Socket } from 'node:net'
import { type Client } from 'pg'

/** A server that is gone answers no goodbye for a quarter of an hour, and somebody waits for this one. */
const GOODBYE_MS_MAX = 1_000

/** Ends a connection: says goodbye, and hangs up when that is not answered within a second. Never rejects. */
export async function goodbye(client: Client): Promise<void> {
  const hangUp = setTimeout(() => socketOf(client).destroy(), GOODBYE_MS_MAX)
  try {
    await client.end()
  } catch {
    // It is over either way.
  } finally {
    clearTimeout(hangUp)
  }
}

/** What pg's types do not show. */
function socketOf(client: Client): Socket {
  return (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream
}
