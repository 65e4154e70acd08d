import { aggregate, batchProjection, collection, document, domain, list, projection, text } from '#domain-kit'
import {
  fleetOf,
  migrateReadModels,
  openRedis,
  Reader,
  type Reading,
  type Redis,
  ResourceCatalogue,
  Sources,
  tablesOf,
} from '#read-models'
import { type Principal } from '#runtime'
import { scratchServers, type ScratchServers } from '#testing'
import { LiveReads } from './live/live-reads.js'
import { authorized, checkQuery } from './query-input.js'
import { readResource } from './read-resource.js'

type Entered = { readonly type: 'CarEntered'; readonly data: { readonly ticket: string } }

const lot = aggregate<Entered>()('lot', { version: 1, initial: {}, evolve: { CarEntered: (state) => state } })

const tickets = projection('tickets', {
  version: 1,
  of: lot,
  table: { ticket: text().key(), lot: text() },
  key: ({ data }) => ({ ticket: data.ticket }),
  fold: { CarEntered: (row, _, { aggregateId }) => ({ ...row, lot: aggregateId }) },
})

const gates = batchProjection('gates', {
  version: 1,
  of: lot,
  tables: { gates: { gate: text().key() } },
  types: ['CarEntered'],
  handle: () => Promise.resolve(),
})

const parking = domain('parking', {
  commands: [],
  resources: [
    document(tickets, 'GET /tickets/{ticket}'),
    list(tickets, 'GET /tickets'),
    collection(tickets, 'GET /all', { answer: (rows) => ({ lots: rows.map((row) => row.lot) }) }),
    list(gates, 'GET /gates', { table: 'gates' }),
  ],
})

let servers: ScratchServers
let redis: Redis
let sources: Sources
let reader: Reader
const catalogue = new ResourceCatalogue([parking])

beforeAll(async () => {
  servers = await scratchServers()
  const { database, scratch, logger } = servers
  const tables = tablesOf([parking])
  await migrateReadModels(database.url, tables)
  await database.query('update headwater.lanes set position = 9')
  await database.query('update headwater.members set position = null')
  await database.query("insert into tickets_v1.tickets values ('t1', 'a', 1, 0, 1), ('t2', 'b', 2, 0, 2)")
  redis = openRedis(scratch.url, logger)
  sources = new Sources({
    ...{ replicaUrls: [database.url], primaryUrl: database.url, primary: 'never', pool_max: 4, logger },
  })
  reader = new Reader({ sources, carriers: { of: () => fleetOf(tables) }, redis, logger })
})
afterAll(async () => {
  await sources.close()
  redis.destroy()
  await servers.scratch.drop()
  await servers.database.drop()
})

const tokenFor = (...lots: readonly string[]): Principal => ({
  ...{ subject: 'somebody', scopes: new Set(['read'] as const), expiresAt_ms: Infinity, isRestricted: true },
  idsOf: (name) => (name === 'lot' ? lots : undefined),
})

const asked = async (path: string, principal: Principal, reading: Reading = reader) => {
  const { readable, params } = catalogue.find(`/v1/parking${path}`)!
  return readResource(reading, authorized(readable, params, principal), checkQuery(readable, {}), 0n, principal)
}
const forbidden = { code: 'forbidden', status: 403 }

test('a list and a collection show the rows of the lots that a token covers', async () => {
  const { data } = await asked('/tickets', tokenFor('b'))
  expect(data).toMatchObject({ items: [{ ticket: 't2', lot: 'b' }] })
  const answers = [await asked('/all', tokenFor('a')), await asked('/all', tokenFor('a', 'b'))]
  expect(answers.map((each) => each.data)).toMatchObject([{ lots: ['a'] }, { lots: ['a', 'b'] }])
  expect(new Set(answers.map(({ etag }) => etag)).size).toBe(2)
  expect((await asked('/all', tokenFor())).data).toMatchObject({ lots: [] })
})

test('a document of another lot is forbidden, and so is what does not say whose it is', async () => {
  expect((await asked('/tickets/t1', tokenFor('a'))).data).toMatchObject({ ticket: 't1', lot: 'a' })
  await expect(asked('/tickets/t1', tokenFor('b'))).rejects.toMatchObject(forbidden)
  await expect(asked('/gates', tokenFor('a'))).rejects.toMatchObject(forbidden)
})

test('of two that take part in one read for subscriptions each sees what its own token covers', async () => {
  const reads = new LiveReads(reader, { running_max: 1, isAhead: () => false }).for({ subject: 's', isGone: false })
  const live = (path: string, id: string) => asked(path, tokenFor(id), reads)
  const [mine, another] = await Promise.allSettled([live('/tickets/t1', 'a'), live('/tickets/t1', 'b')])
  expect(mine).toMatchObject({ status: 'fulfilled', value: { data: { lot: 'a' } } })
  expect(another).toMatchObject({ status: 'rejected', reason: forbidden })
  const all = await Promise.all([live('/all', 'a'), live('/all', 'b')])
  expect(all.map(({ data }) => data)).toMatchObject([{ lots: ['a'] }, { lots: ['b'] }])
})
