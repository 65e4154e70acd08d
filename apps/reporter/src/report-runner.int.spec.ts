import { randomUUID } from 'node:crypto'
import { CommandHandler, type CommandOutcome } from '#commands'
import { type AnyCommand } from '#domain-kit'
import { createMemoryStore, type EventStore, StoreLimitExceeded, StoreUnavailable } from '#event-store'
import { ledger } from '#ledger'
import { migrateReadModels, openRedis, Projector, type Redis, Sources, tablesOf } from '#read-models'
import { reports, requestReport } from '#reports'
import { eventually, readLog, type ScratchServers, scratchServers, SilentLink } from '#testing'
import { NotYet, type ReportJob, ReportRunner } from './report-runner.js'
import { type ReportResult, ResultStore } from './result-store.js'

const domains = [ledger, reports]
const tables = tablesOf(domains)
let servers: ScratchServers
let redis: Redis
let store: EventStore
let projector: Projector
let sources: Sources
let results: ResultStore
/** Of the job of one test. */
let id: string

beforeAll(async () => {
  servers = await scratchServers()
  const { database, scratch, logger } = servers
  const { url } = database
  await migrateReadModels(url, tables)
  redis = openRedis(scratch.url, logger)
  store = createMemoryStore()
  projector = new Projector({ store, redis, url, domains, instance: 'p', logger })
  projector.start()
  sources = new Sources({
    replicaUrls: [url],
    primaryUrl: url,
    primary: 'never',
    pool_max: 2,
    hang_ms_max: 20_000,
    logger,
  })
  results = new ResultStore(url, logger)
  const first = await newBook()
  await eventually('it folds', () => (projector.position ?? 0n) >= first)
})
afterAll(async () => {
  await results.close()
  await sources.close()
  await projector.close()
  redis.destroy()
  await servers.scratch.drop()
  await servers.database.drop()
})
beforeEach(() => {
  id = randomUUID()
})

function runner(log: Partial<EventStore> = {}, put = results.put.bind(results), timeout_ms = 60_000): ReportRunner {
  const handler = new CommandHandler({ store: { ...store, ...log }, timeout_ms })
  const kept = { put } as unknown as ResultStore
  return new ReportRunner({ domains, tables, handler, sources, results: kept })
}

async function send(command: AnyCommand, target: string, body: object, key: string = randomUUID()): Promise<bigint> {
  const handler = new CommandHandler({ store })
  const outcome: CommandOutcome = await handler.execute({
    ...{ command, name: command.name, target, body, key, metadata: {} },
  })
  if (outcome.kind !== 'accepted') throw new Error(`a command came to ${JSON.stringify(outcome)}`)
  return outcome.place.position
}

const ledgerCommand = (name: string): AnyCommand => ledger.commands.find((each) => each.name === name)!
let books = 0
const newBook = (): Promise<bigint> => send(ledgerCommand('open-book'), `b${(books += 1)}`, { book: `b${books}` })

const COVERS = { aggregate: 'book', id: 'main' }
/** A job that can be done at once, unless it is to wait for another position. */
async function requested(more: Partial<ReportJob> = {}, key?: string): Promise<ReportJob> {
  const request = { report: 'trial-balance', params: { book: 'main' } }
  const position = await send(requestReport, id, { ...request, covers: COVERS }, key)
  if (more.minPosition === undefined)
    await eventually('the replica has it', () => (projector.position ?? 0n) >= position)
  return { id, ...request, minPosition: position.toString(), ...more }
}

async function eventsOf(): Promise<readonly { type: string; data: Record<string, unknown> }[]> {
  const events = (await readLog(store)).filter(({ stream }) => stream === `job-${id}`)
  return events.map(({ type, data }) => ({ type, data: data as Record<string, unknown> }))
}
const typesOf = async (): Promise<string[]> => (await eventsOf()).map(({ type }) => type)
const DONE = ['ReportRequested', 'ReportStarted', 'ReportFinished']

async function kept(): Promise<{ format: string; position: string; told: string }[]> {
  return servers.database.query(
    `select format, position::text, case format when 'json' then body::json->>'position' end as told
     from headwater.report_results where job = $1 order by format, position`,
    [id],
  )
}

test('a job is computed once, settled with the position of its results, and not run again', async () => {
  const job = await requested()
  await runner().run(job)
  expect(await typesOf()).toEqual(DONE)
  const before = await kept()
  expect(before.map(({ format }) => format)).toEqual(['csv', 'json'])
  const settled = (await eventsOf()).at(-1)?.data['position']
  expect(new Set(before.map(({ position }) => position))).toEqual(new Set([settled]))
  const last = await newBook()
  await eventually('the replica is ahead', () => (projector.position ?? 0n) >= last)
  await runner().run(job)
  expect(await kept()).toEqual(before)
  expect(await typesOf()).toEqual(DONE)
})

test('a run that was overtaken changes nothing of the results that count', async () => {
  const job = await requested()
  let release: (() => void) | undefined
  const gate = new Promise<void>((resolve) => (release = resolve))
  const stopped: ReportResult[] = []
  const paused = runner({}, async (result) => {
    stopped.push(result)
    if (stopped.length === 2) await gate
    await results.put(result)
  }).run(job)
  await eventually('it stands in the middle of its results', () => stopped.length === 2)
  const last = await newBook()
  await eventually('the replica is ahead', () => (projector.position ?? 0n) >= last)
  await runner().run(job)
  const settled = String((await eventsOf()).at(-1)?.data['position'])
  const counts = async () => (await kept()).filter(({ position }) => position === settled)
  const before = await counts()
  expect(before.map(({ format, told }) => [format, told])).toEqual([
    ['csv', null],
    ['json', settled],
  ])
  release?.()
  await paused
  expect(stopped[0]?.position).toBeLessThan(BigInt(settled))
  expect(await counts()).toEqual(before)
  expect(await typesOf()).toEqual(DONE)
})

test.each(['settle-report', 'start-report'])('the key "%s" is a client\'s like any other', async (key) => {
  await runner().run(await requested({}, key))
  expect(await typesOf()).toEqual(DONE)
})

test('a job that no replica is far enough for is not failed: it is to be tried later', async () => {
  const job = await requested({ minPosition: '1000000' })
  await expect(runner().run(job)).rejects.toThrow(NotYet)
  expect(await typesOf()).toEqual(['ReportRequested', 'ReportStarted'])
})

test('nor is one whose log does not answer', async () => {
  const job = await requested()
  const away = runner({ append: () => Promise.reject(new StoreUnavailable('away')) }, undefined, 500)
  await expect(away.run(job)).rejects.toThrow(NotYet)
  await expect(away.fail(job.id, 'a bug')).rejects.toThrow(NotYet)
})

test('nor is one whose results the primary does not take, because it has fallen silent', async () => {
  const { database, logger } = servers
  const link = await SilentLink.open(database.url)
  const silent = new ResultStore(link.url, logger, 3_000)
  try {
    let puts = 0
    const run = runner({}, async (result) => {
      puts += 1
      // What is connected by the first of them has the second.
      if (puts === 2) link.fallSilent()
      await silent.put(result)
    })
    const job = await requested()
    await expect(run.run(job)).rejects.toThrow(NotYet)
    expect(await kept()).toHaveLength(1)
    expect(await typesOf()).toEqual(['ReportRequested', 'ReportStarted'])
    await runner({}, silent.put.bind(silent)).run(job)
    expect((await typesOf()).at(-1)).toBe('ReportFinished')
  } finally {
    await link.close()
    await silent.close()
  }
})

test('a job of a position that nobody can have been told is failed', async () => {
  await runner().run(await requested({ ahead: '1000000' }))
  expect(await eventsOf()).toMatchObject([
    { type: 'ReportRequested' },
    { type: 'ReportFailed', data: { reason: 'position 1000000 was beyond the end of the log when it was asked for' } },
  ])
})

test('what the log does not take is not taken for settled', async () => {
  const job = await requested()
  const append: EventStore['append'] = (request) => {
    const isEnd = request.writes.some(({ events }) => events.some(({ type }) => type === 'ReportFinished'))
    return isEnd ? Promise.reject(new StoreLimitExceeded('event_size_bytes', 2, 1)) : store.append(request)
  }
  await expect(runner({ append }).run(job)).rejects.toThrow('event_size_bytes')
})
