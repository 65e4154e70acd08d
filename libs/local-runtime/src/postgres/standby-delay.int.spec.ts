import pg from 'pg'
import { eventually, temporaryPostgres, type TemporaryPostgres } from '#testing'

const servers: TemporaryPostgres[] = []
const clients: pg.Client[] = []
afterAll(async () => {
  for (const each of clients) await each.end().catch(() => undefined)
  for (const each of servers.reverse()) await each.drop()
})

async function connect(server: TemporaryPostgres): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url('read') })
  client.on('error', () => undefined)
  await client.connect()
  clients.push(client)
  return client
}

test('a replica does not stand still for long for a query that reads what was dropped: that one is cut off', async () => {
  const primary = await temporaryPostgres()
  servers.push(primary)
  await primary.createDatabase('read')
  const writer = await connect(primary)
  await writer.query('create table dropped as select 1 as n; create table kept (n integer)')
  const replica = await primary.replica()
  servers.push(replica)
  const reader = await connect(replica)
  await reader.query('begin isolation level repeatable read read only')
  await reader.query('declare rows cursor for select * from dropped')
  await writer.query('drop table dropped')
  await writer.query('insert into kept values (1)')
  const other = await connect(replica)
  await eventually('it goes on', async () => (await other.query('select from kept')).rowCount === 1, {
    timeout_ms: 15_000,
  })
  await expect(reader.query('fetch rows')).rejects.toThrow()
})
