import { ledger } from '#ledger'
import { eventually, type ScratchDatabase, scratchDatabase, silentLogger } from '#testing'
import { fleetOf } from '../builds/fleet.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { LANES } from './lanes.js'
import { Ownership } from './ownership.js'

const tables = tablesOf([ledger])
const fleet = fleetOf(tables)
let database: ScratchDatabase
let owners: Ownership[]

beforeEach(async () => {
  owners = []
  database = await scratchDatabase()
  await migrateReadModels(database.url, tables)
})
afterEach(async () => {
  for (const each of owners) await each.close()
  await database.drop()
})

function start(instance: string): Ownership {
  const owner = new Ownership({ url: database.url, instance, fleet, logger: silentLogger() }, () => Promise.resolve())
  owners.push(owner)
  owner.start()
  return owner
}

const ordinals = ({ lanes }: Ownership): readonly number[] => [...lanes.keys()].sort((a, b) => a - b)
const parted = (rest: number): readonly number[] => LANES.filter((lane) => lane % 2 === rest)

test('lanes that are an instance’s by name only, and another’s by rank, are given to that other one', async () => {
  const two = start('projector-2')
  await eventually('one that is alone owns all', () => two.lanes.size === LANES.length)
  // As an error leaves it that came while lanes were to be handed over: the table says so, and the instance knows nothing of it.
  await database.query("update headwater.lanes set holder = 'projector-1', expires_at = now() + interval '1 hour'")
  await eventually('it has lost them', () => two.lanes.size === 0)
  const one = start('projector-1')
  await eventually('each owns its share', () => one.lanes.size + two.lanes.size === LANES.length)
  expect([ordinals(one), ordinals(two)]).toEqual([parted(0), parted(1)])
})
