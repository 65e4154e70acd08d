import pg from 'pg'
import { ledger } from '#ledger'
import { type ScratchDatabase, scratchDatabase } from '#testing'
import { FENCE_SQL } from '../builds/builds-sql.js'
import { fleetOf } from '../builds/fleet.js'
import { migrateReadModels } from '../tables/migrations.js'
import { tablesOf } from '../tables/table.js'
import { LANES } from './lanes.js'
import { RELEASE_SQL, RENEW_SQL, TAKE_SQL } from './ownership-sql.js'
import { advanceSql } from './unit-sql.js'

const tables = tablesOf([ledger])
const fleet = fleetOf(tables)
const ME = 'projector-1'
const ROUNDS = 300
let database: ScratchDatabase

beforeAll(async () => {
  database = await scratchDatabase()
  await migrateReadModels(database.url, tables)
})
afterAll(() => database.drop())

/** What one connection does again and again; a lane that is not its own any more is no matter here. */
async function repeat(work: (client: pg.Client, round: number) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    for (let round = 0; round < ROUNDS; round += 1)
      await work(client, round).catch((error: unknown) => {
        if (!(error instanceof pg.DatabaseError) || error.code !== 'HW001') throw error
      })
  } finally {
    await client.end()
  }
}

test('whoever changes several lanes waits for another at most, and never each for the other', async () => {
  const seen = async (
    client: pg.Client,
  ): Promise<readonly [epochs: Map<number, bigint>, befores: Map<number, bigint>]> => {
    const { rows } = await client.query<{ lane: number; epoch: string; position: string }>(
      'select lane, epoch, position from headwater.lanes where fleet = $1 order by epoch, lane desc',
      [fleet],
    )
    return [
      new Map(rows.map(({ lane, epoch }) => [lane, BigInt(epoch)])),
      new Map(rows.map(({ lane, position }) => [lane, BigInt(position)])),
    ]
  }
  await Promise.all([
    repeat(async (client, round) => client.query(advanceSql(fleet, ...(await seen(client)), BigInt(round)))),
    repeat(async (client) => client.query(advanceSql(fleet, ...(await seen(client)), null))),
    repeat((client) => client.query(RENEW_SQL, [fleet, ME, 60_000])),
    repeat((client, round) =>
      client.query(TAKE_SQL, [fleet, ME, LANES.filter((lane) => (lane + round) % 3 > 0), 60_000]),
    ),
    repeat((client, round) => client.query(RELEASE_SQL, [fleet, ME, LANES.filter((lane) => lane % 5 === round % 5)])),
    repeat((client, round) => {
      const { name, version } = tables[round % tables.length]!.projection
      return client.query(FENCE_SQL, [name, version])
    }),
  ])
  const lanes = await database.query('select lane from headwater.lanes where fleet = $1 and position > 0', [fleet])
  expect(lanes.length).toBeGreaterThan(0)
})
