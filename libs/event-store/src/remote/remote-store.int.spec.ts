import { AllowList, connect, createIdentity, listen } from '#mesh'
import { postgresWriter, scratchDatabase, silentLogger } from '#testing'
import { describeContract } from '../contract.js'
import { openRemoteStore } from './remote-store.js'
import { serveEventStore } from './serve.js'

/** A machine that stands still for some seconds is not taken for a writer that is dead. */
const limits = { heartbeat_ms: 15_000, dead_ms: 60_000 }

describeContract('postgres, its writer behind a link', async () => {
  const database = await scratchDatabase()
  const writer = await postgresWriter(database)
  await writer.leads()
  const server = await createIdentity({ role: 'event-writer', instance: 'event-writer-1' })
  const client = await createIdentity({ role: 'command-api', instance: 'command-api-1' })
  const entries = [server, client].map(({ spki, role, instance }) => ({ spki, role, instance }))
  const allowList = new AllowList({ version: 1n, entries })
  const logger = silentLogger()
  const listener = await listen({
    ...{ host: '127.0.0.1', port: 0, identity: server, allowList, logger },
    ...serveEventStore(writer.store),
    limits,
  })
  const link = connect({
    ...{ endpoints: [`127.0.0.1:${listener.port}`], identity: client, allowList, role: 'event-writer', limits, logger },
  })
  const store = openRemoteStore({ link, url: database.url, pool_max: 4, logger, append_ms: 60_000 })
  return {
    store,
    close: async () => {
      await store.close()
      await listener.close()
      await writer.close()
      await database.drop()
    },
  }
})
