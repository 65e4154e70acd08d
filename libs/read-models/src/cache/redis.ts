import { createClient } from 'redis'
import { type Logger, reasonOf } from '#runtime'

export type Redis = ReturnType<typeof openRedis>

/** Commands that may wait for a connection: few, so that a dead Redis is noticed and not queued for. */
const WAITING_MAX = 1_000

/** A connection on which nothing came or went for so long is given up: one that is alive is asked for a sign of life more often. */
const SILENT_MS_MAX = 5_000
const PING_MS = 2_000

/**
 * One client, reconnecting for ever; commands fail at once while it is not connected. One that hangs fails those that wait within
 * {@link SILENT_MS_MAX} and {@link PING_MS} together, if nobody writes to it meanwhile: who cannot wait so long bounds it by `bounded`.
 */
export function openRedis(url: string, logger: Logger) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: WAITING_MAX,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: 2_000,
      socketTimeout: SILENT_MS_MAX,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 6), 1_000),
    },
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
