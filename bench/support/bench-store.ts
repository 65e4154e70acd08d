import { type EventStore, openRemoteStore } from '#event-store'
import { connect, loadAllowList, loadIdentity } from '#mesh'
import { silentLogger } from '#testing'
import { type WriterAccess } from './event-writer.js'

/** The log as a role of the product reaches it: appends over a link, reads by SQL. */
export async function openBenchStore({ endpoint, identity, allowList, url }: WriterAccess): Promise<EventStore> {
  const logger = silentLogger()
  const link = connect({
    endpoints: [endpoint],
    identity: await loadIdentity(identity),
    allowList: await loadAllowList(allowList),
    role: 'event-writer',
    logger,
  })
  return openRemoteStore({ link, url, pool_max: 2, logger })
}
