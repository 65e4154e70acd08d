import { createAdapter } from '@socket.io/redis-adapter'
import { createClient } from 'redis'

/** What socket.io's documentation tells to do where there is more than one server. */
export async function redisAdapter(url: string): Promise<ReturnType<typeof createAdapter>> {
  const publisher = createClient({ url })
  const subscriber = publisher.duplicate()
  await Promise.all([publisher.connect(), subscriber.connect()])
  return createAdapter(publisher, subscriber)
}
