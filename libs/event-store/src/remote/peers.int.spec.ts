import { AllowList, connect, createIdentity, type Identity, type Link, listen, type LinkServer } from '#mesh'
import {
  eventually,
  type PostgresWriter,
  postgresWriter,
  type ScratchDatabase,
  scratchDatabase,
  silentLogger,
} from '#testing'
import { mustAppend, newRequest, newStream } from '../contract/requests.js'
import { type EventStore } from '../port.js'
import { openRemoteStore } from './remote-store.js'
import { serveEventStore } from './serve.js'

const ROLES = ['event-writer', 'command-api', 'projector', 'query-api']

let database: ScratchDatabase
let writer: PostgresWriter
let identities: Map<string, Identity>
let allowList: AllowList
let server: LinkServer
let refused: string[]
let stores: EventStore[]

beforeEach(async () => {
  refused = []
  stores = []
  database = await scratchDatabase()
  writer = await postgresWriter(database)
  await writer.leads()
  const made = await Promise.all(ROLES.map((role) => createIdentity({ role, instance: `${role}-1` })))
  identities = new Map(made.map((each) => [each.role, each]))
  const entries = made.map(({ spki, role, instance }) => ({ spki, role, instance }))
  allowList = new AllowList({ version: 1n, entries })
  const warn = (fields: object): void => void refused.push((fields as { reason?: string }).reason ?? '')
  server = await listen({
    ...{ host: '127.0.0.1', port: 0, identity: of('event-writer'), allowList },
    logger: { ...silentLogger(), warn },
    ...serveEventStore(writer.store),
  })
})
afterEach(async () => {
  for (const each of stores) await each.close()
  await server.close()
  await writer.close()
  await database.drop()
})

function of(role: string): Identity {
  const identity = identities.get(role)
  if (!identity) throw new RangeError(`nobody is a ${role}`)
  return identity
}

const linkOf = (role: string): Link =>
  connect({ endpoints: [`127.0.0.1:${server.port}`], identity: of(role), allowList, role: 'event-writer' })

function storeOf(role: string): EventStore {
  const store = openRemoteStore({ link: linkOf(role), url: database.url, pool_max: 1, logger: silentLogger() })
  stores.push(store)
  return store
}

test('a writer lets nobody in who faces clients and appends nothing, though its key is on the list', async () => {
  const link = linkOf('query-api')
  try {
    await eventually('it is refused', () => refused.some((reason) => reason.includes(of('query-api').spki)))
    expect(link.state).toBe('connecting')
  } finally {
    await link.close()
  }
})

test('who follows what is committed appends nothing', async () => {
  const [following, appending] = [storeOf('projector'), storeOf('command-api')]
  const stop = new AbortController()
  const batches = following.subscribe({ after: 0n, signal: stop.signal })[Symbol.asyncIterator]()
  const stream = newStream()
  await expect(following.append(newRequest(stream))).rejects.toMatchObject({ code: 'not-allowed', retryable: false })
  await mustAppend(appending, newRequest(stream))
  const { value } = (await batches.next()) as { value: { position: bigint } }
  expect(value.position).toBe(1n)
  stop.abort()
  await batches.return?.()
})
