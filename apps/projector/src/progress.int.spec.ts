import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { Registry } from 'prom-client'
import { createMemoryStore, type EventStore } from '#event-store'
import { ledger } from '#ledger'
import { migrateReadModels, openRedis, Projector, tablesOf } from '#read-models'
import { eventually, type ScratchServers, scratchServers, silentLogger } from '#testing'
import { measureBuilds } from './build-metrics.js'
import { LogHead } from './log-head.js'
import { Progress } from './progress.js'
import { ProjectionsController } from './projections-controller.js'

let servers: ScratchServers
let redis: ReturnType<typeof openRedis>
let store: EventStore
let head: LogHead
let projector: Projector
let metrics: Registry

beforeEach(async () => {
  servers = await scratchServers()
  const { database, scratch, logger } = servers
  await migrateReadModels(database.url, tablesOf([ledger]))
  redis = openRedis(scratch.url, logger)
  store = createMemoryStore()
  head = new LogHead(store)
  projector = new Projector({
    store,
    redis,
    url: database.url,
    domains: [ledger],
    instance: 'p',
    logger: silentLogger(),
  })
  metrics = new Registry()
  measureBuilds({ builds: projector.builds, head }, metrics)
  projector.start()
})
afterEach(async () => {
  await projector.close()
  redis.destroy()
  await servers.scratch.drop()
  await servers.database.drop()
})

async function open(book: string): Promise<void> {
  const stream = `book-${book}`
  const events = [{ id: randomUUID(), type: 'BookOpened', version: 1, data: { description: '' }, metadata: {} }]
  const commandId = { stream, key: randomUUID() }
  await store.append({ commandId, requestHash: randomUUID(), writes: [{ stream, expected: 'none', events }] })
}

async function values(name: string): Promise<readonly { labels: Record<string, unknown>; value: number }[]> {
  const found = (await metrics.getMetricsAsJSON()).find((each) => each.name === name)
  return found?.values ?? []
}

const inLane = async (name: string, lane: string): Promise<number | undefined> =>
  (await values(name)).find(({ labels }) => labels['lane'] === lane)?.value

test('a projector that stands still is not ready and shows how far it is behind the log, by build and by lane, though nothing was logged', async () => {
  const progress = new Progress({ projector, head, still_ms_max: 300 })
  await open('a')
  await eventually('it is folded', () => projector.position === 1n)
  expect(await progress.check()).toBeUndefined()
  expect(await inLane('headwater_lane_lag_events', '0')).toBe(0)

  const blocking = new pg.Client({ connectionString: servers.database.url })
  await blocking.connect()
  try {
    await blocking.query('begin; lock table books_v1.books in exclusive mode')
    for (const book of ['b', 'c', 'd']) await open(book)
    const said = await eventually('it is told', () => progress.check())
    expect(said).toMatch(/^nothing was folded for \d+ s; the log is at 4, this instance at 1$/)
    expect([projector.trouble, projector.stops]).toEqual([undefined, []])
    expect(await values('headwater_lane_lag_events')).toHaveLength(9)
    expect(await inLane('headwater_lane_position', '0')).toBe(1)
    expect(await inLane('headwater_lane_lag_events', '0')).toBe(3)
    const lags = await values('headwater_projection_lag_events')
    expect(lags.map(({ labels, value }) => [labels['projection'], value])).toContainEqual(['books', 3])
  } finally {
    await blocking.end()
  }
  await eventually('it goes on', () => projector.position === 4n)
  expect(await progress.check()).toBeUndefined()
  expect(await inLane('headwater_lane_position', '8')).toBe(4)
  expect((await values('headwater_projection_lag_events')).every(({ value }) => value === 0)).toBe(true)
})

test('while the log does not answer, lags are left out and everything else is told', async () => {
  await open('a')
  await eventually('it is folded', () => projector.position === 1n)
  jest.spyOn(store, 'head').mockImplementation(() => new Promise(() => undefined))
  const silent = new LogHead(store, 50)
  const other = new Registry()
  measureBuilds({ builds: projector.builds, head: silent }, other)
  const text = await other.metrics()
  expect(text).toContain('headwater_lane_position{lane="8"} 1')
  expect(text).not.toMatch(/^headwater_\w+_lag_events\{/m)
  const { projections } = await new ProjectionsController(projector.builds, silent).list()
  expect(projections[0]).toMatchObject({ projection: 'accounts', position: '1', head: null })
  expect(store.head).toHaveBeenCalledTimes(1)
})

test('the list tells where the log ends, and the record of operators is there for one projection or all', async () => {
  const controller = new ProjectionsController(projector.builds, head)
  await open('a')
  await eventually('it is folded', () => projector.position === 1n)
  const principal = { subject: 'ann' } as Parameters<ProjectionsController['act']>[3]
  await controller.act('books', 'rebuild', { promote: 'no' }, principal)
  expect((await controller.list()).projections).toContainEqual(
    expect.objectContaining({ projection: 'books', build: 1, head: '1' }),
  )
  const query = (fields: object): object => Object.assign(Object.create(null) as object, fields)
  const record = expect.objectContaining({ actor: 'ann', action: 'rebuild', projection: 'books', build: 2 }) as unknown
  expect(await controller.decisions(query({ projection: 'books' }))).toEqual({ decisions: [record] })
  expect(await controller.decisions(query({}))).toEqual({ decisions: [record] })
  expect(await controller.decisions(query({ projection: 'accounts' }))).toEqual({ decisions: [] })
  await expect(controller.decisions(query({ name: 'books' }))).rejects.toMatchObject({ code: 'invalid-parameter' })
})
