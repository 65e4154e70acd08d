import { get, type IncomingMessage } from 'node:http'

/**
 * Asks for an answer that may say nothing for as long as it likes: `fetch` gives up one that is silent for five minutes.
 *
 * @returns it as soon as its head has come; who reads it is told by an error when it is cut off.
 * @throws whatever the connection fails with.
 */
export function getQuietly(url: string, token: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers: { authorization: `Bearer ${token}` } }, resolve)
    request.on('error', reject)
  })
}
