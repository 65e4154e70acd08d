import { createClient } from 'redis'
import { type Logger, reasonOf } from '#runtime'

export type Redis = ReturnType<typeof openRedis>

/** Commands that may wait for a connection: few, so that a dead Redis is noticed and not queued for. */
const WAITING_MAX = 1_000

/** One client, reconnecting for ever; commands fail at once while it is not connected. */
export function openRedis(url: string, logger: Logger) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: WAITING_MAX,
    socket: { connectTimeout: 2_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 6), 1_000) },
  })
  let complained = ''
  client.on('error', (error: unknown) => {
    const reason = reasonOf(error)
    if (reason !== complained) logger.warn({ reason }, 'Redis does not answer')
    complained = reason
  })
  client.on('ready', () => {
    complained = ''
  })
  client.connect().catch(() => undefined)
  return client
}
