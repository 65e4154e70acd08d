import { type PostgresWriter, postgresWriter, type ScratchDatabase, scratchDatabase } from '#testing'
import { mustAppend, newRequest, newStream } from '../contract/requests.js'

let database: ScratchDatabase
let writer: PostgresWriter
beforeAll(async () => {
  database = await scratchDatabase()
  writer = await postgresWriter(database)
  await writer.leads()
})
afterAll(async () => {
  await writer.close()
  await database.drop()
})

test('who appends where another was refused a moment ago is told so, and only there', async () => {
  const { store } = writer
  const [wanted, other] = [newStream(), newStream()]
  expect(await mustAppend(store, newRequest(wanted, { expected: 'none' }))).not.toHaveProperty('isContended')
  // A moment is short: on a machine that was away between the two, who comes second is rightly told nothing.
  let told
  for (let revision = 0n; told === undefined && revision < 100n; revision++) {
    expect(await store.append(newRequest(wanted, { expected: 'none' }))).toMatchObject({ outcome: 'conflict' })
    const appended = await mustAppend(store, newRequest(wanted, { expected: revision }))
    if ('isContended' in appended) told = appended
  }
  expect(told).toMatchObject({ isContended: true })
  expect(await mustAppend(store, newRequest(other))).not.toHaveProperty('isContended')
})

test('a conflict carries no tail when none is needed', async () => {
  const { store } = writer
  const stream = newStream()
  await mustAppend(store, newRequest(stream))
  const stale = newRequest(stream, { expected: 'none' })
  expect(await store.append({ ...stale, needsTail: false })).toMatchObject({ outcome: 'conflict', tail: undefined })
  expect(await store.append(stale)).toMatchObject({ outcome: 'conflict', tail: [{ revision: 0n }] })
})
