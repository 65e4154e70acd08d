import { type EventStore, loadEventStoreDb, migrateNames } from '#event-store'
import {
  type EventStoreDouble,
  openEventStoreDouble,
  type ScratchDatabase,
  scratchDatabase,
  silentLogger,
} from '#testing'
import { all, idsOf, mustAppend, newRequest, newStream, requestedIds } from '../../contract/requests.js'

let double: EventStoreDouble
let databases: ScratchDatabase[]
let stores: EventStore[]

beforeEach(async () => {
  double = await openEventStoreDouble()
  databases = []
  stores = []
})
afterEach(async () => {
  for (const each of stores) await each.close()
  for (const each of databases) await each.drop()
  await double.close()
})

async function system(prefix: string): Promise<EventStore> {
  const database = await scratchDatabase()
  databases.push(database)
  await migrateNames(database.url, prefix)
  const open = await loadEventStoreDb()
  const store = open({ url: double.url, namesUrl: database.url, prefix, pool_max: 2, logger: silentLogger() })
  stores.push(store)
  return store
}

test('systems on one server do not see each other, one without a prefix among them', async () => {
  const [bare, other] = [await system(''), await system('b.')]
  const [mine, theirs] = [newRequest(newStream()), newRequest(newStream())]
  const { position } = await mustAppend(bare, mine)
  const { position: later } = await mustAppend(other, theirs)
  expect([await bare.head(), await other.head()]).toEqual([position, later])
  for (const direction of ['forwards', 'backwards'] as const) {
    expect(idsOf(await all(bare.readAll({ direction })))).toEqual(requestedIds(mine))
    expect(idsOf(await all(other.readAll({ direction })))).toEqual(requestedIds(theirs))
  }
})

test('a prefix that another system could take for a part of its streams is refused', async () => {
  await expect(system('b_')).rejects.toThrow('end with a full stop')
})
