import pg from 'pg'
import { eventually, type ScratchDatabase, scratchDatabase, SilentLink } from '#testing'
import { withClient } from './with-client.js'

let database: ScratchDatabase
let link: SilentLink

beforeEach(async () => {
  database = await scratchDatabase()
  link = await SilentLink.open(database.url)
})
afterEach(async () => {
  await link.close()
  await database.drop()
})

/** Connections to this database, and not to those of other tests. */
const HERE = 'select 1 from pg_stat_activity where datname = current_database()'

const client = (): pg.Client => new pg.Client({ connectionString: link.url, application_name: 'lent' })

test('lends a connection and ends it', async () => {
  const answer = withClient(client(), async (lent) => (await lent.query<{ two: number }>('select 1 + 1 as two')).rows)
  expect(await answer).toEqual([{ two: 2 }])
  await eventually('the connection has ended', async () => {
    return (await database.query(`${HERE} and application_name = 'lent'`)).length === 0
  })
})

test('one that breaks without a word fails what was asked of it, and nothing more', async () => {
  const asked = withClient(client(), (lent) => lent.query('select pg_sleep(60)'))
  asked.catch(() => undefined)
  await eventually('it is asked', async () => {
    return (await database.query(`${HERE} and wait_event = 'PgSleep'`)).length > 0
  })
  link.cut()
  await expect(asked).rejects.toThrow('Connection terminated unexpectedly')
})

test('what is thrown over a connection that has fallen silent is told: nobody waits for its goodbye', async () => {
  const asked = withClient(client(), async (lent) => {
    await lent.query('select 1')
    link.fallSilent()
    throw new Error('enough')
  })
  await expect(asked).rejects.toThrow('enough')
})
