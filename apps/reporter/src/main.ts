import 'reflect-metadata'
import { CommandHandler } from '#commands'
import { domains } from '#domains'
import { connectEventStore, eventStoreSettings } from '#event-store'
import { Sources, tablesOf } from '#read-models'
import { jobs } from '#reports'
import { readModelSettings, redisSettings, setting, startService } from '#runtime'
import { OpenJobs } from './open-jobs.js'
import { openReportQueue } from './queue.js'
import { ReportRunner } from './report-runner.js'
import { ResultStore } from './result-store.js'

const settings = {
  ...eventStoreSettings,
  ...readModelSettings,
  ...redisSettings,
  REPLICA_URLS: setting.urls({ description: 'databases that reports read', schemes: ['postgres', 'postgresql'] }),
} as const

/** Computes reports: finds requested jobs, queues them, runs them, settles them. Any number of instances. */
await startService('reporter', settings, async (service) => {
  const { config, logger, health, endpoint, onStop } = service
  const store = await connectEventStore(service, domains)
  for (const url of config.REPLICA_URLS) endpoint('replica', url)
  endpoint('redis', config.REDIS_URL)
  const sources = new Sources({
    replicaUrls: config.REPLICA_URLS,
    primaryUrl: config.PRIMARY_URL,
    primary: 'never',
    pool_max: 3,
    logger,
  })
  onStop('sources', () => sources.close())
  const results = new ResultStore(config.PRIMARY_URL, logger)
  onStop('results', () => results.close())
  const tables = tablesOf(domains)
  const table = tables.find(({ projection }) => projection === jobs)
  if (!table) throw new Error('the reports domain is not installed: see libs/domains')
  const runner = new ReportRunner({ domains, tables, handler: new CommandHandler({ store }), sources, results })
  const queue = await openReportQueue(config.REDIS_URL, runner, logger)
  onStop('queue', () => queue.close())
  const open = new OpenJobs({ store, sources, table, logger, enqueue: (job) => queue.enqueue(job) })
  onStop('open jobs', () => open.close())
  health.add('queue', async () => {
    await queue.depth()
    return undefined
  })
  class Reporter {}
  return { module: { module: Reporter } }
})
