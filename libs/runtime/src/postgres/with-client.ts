import { type Client } from 'pg'
import { goodbye } from './goodbye.js'

/**
 * Connects, does something over the connection, and ends it. One that breaks fails what is asked of it and nothing more: without a
 * listener for its errors it would end the process.
 *
 * @param client not connected yet.
 * @throws what connecting and `use` throw.
 */
export async function withClient<T>(client: Client, use: (client: Client) => Promise<T>): Promise<T> {
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await use(client)
  } finally {
    await goodbye(client)
  }
}
