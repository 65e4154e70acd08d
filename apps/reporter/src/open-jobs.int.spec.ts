import { randomUUID } from 'node:crypto'
import { CommandHandler } from '#commands'
import { createMemoryStore, type EventStore } from '#event-store'
import { migrateReadModels, Sources, tablesOf } from '#read-models'
import { jobs, reports, requestReport } from '#reports'
import { eventually, type ScratchDatabase, scratchDatabase, silentLogger } from '#testing'
import { OpenJobs } from './open-jobs.js'
import { type ReportJob } from './report-runner.js'

/** More than one look brings. */
const STUCK = 1_500

const tables = tablesOf([reports])
const table = tables.find(({ projection }) => projection === jobs)!
let database: ScratchDatabase
let store: EventStore
let sources: Sources
let open: OpenJobs
let found: Map<string, ReportJob>

beforeEach(async () => {
  database = await scratchDatabase()
  await migrateReadModels(database.url, tables)
  store = createMemoryStore()
  found = new Map()
})
afterEach(async () => {
  await open.close()
  await sources.close()
  await database.drop()
})

function start(): void {
  const logger = silentLogger()
  const { url } = database
  sources = new Sources({ replicaUrls: [url], primaryUrl: url, primary: 'never', pool_max: 2, logger })
  const enqueue = (job: ReportJob): Promise<unknown> => Promise.resolve(found.set(job.id, job))
  open = new OpenJobs({ store, sources, table, logger, enqueue, sweep_ms: 100 })
}

test('every open job is found, however many stay open', async () => {
  await database.query(
    `insert into jobs_v1.jobs (id, report, state, params, formats, covers_aggregate, covers_id,
       created_position, created_ordinal, changed_position)
     select 'job-' || n, 'r', case n % 3 when 0 then 'queued' when 1 then 'running' else 'done' end, '{}', '[]', 'book', 'main',
       n, 0, n from generate_series(1, $1::integer) n`,
    [STUCK * 1.5],
  )
  start()
  await eventually('all are found', () => found.size === STUCK)
  expect([...found.values()].every(({ id, minPosition }) => id === `job-${minPosition}`)).toBe(true)
})

test('a request is found in the log, and says when it asks for what nobody can have been told', async () => {
  start()
  const handler = new CommandHandler({ store })
  const request = async (id: string, at: string): Promise<void> => {
    const body = { report: 'r', params: {}, covers: { aggregate: 'book', id: 'main' }, at }
    const about = {
      command: requestReport,
      name: 'reports.request-report',
      target: id,
      key: randomUUID(),
      metadata: {},
    }
    await handler.execute({ ...about, body })
  }
  let next = 1
  // Those before it follows the log are not found there.
  await eventually('it follows the log', async () => {
    await request(`honest-${next}`, '1')
    next += 1
    return found.size > 0
  })
  await request('ahead', '1000')
  const ahead = await eventually('it is found', () => found.get('ahead'))
  expect(ahead).toMatchObject({ minPosition: String(next), ahead: '1000' })
  const [honest] = found.values()
  expect(honest).not.toHaveProperty('ahead')
})
