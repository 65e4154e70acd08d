import { createNodeRedisClient, Queue, Worker } from 'bullmq'
import { createClient } from 'redis'
import { type Logger, reasonOf } from '#runtime'
import { type ReportJob, type ReportRunner } from './report-runner.js'

const QUEUE = 'reports'
const ATTEMPTS = 5
const CONCURRENCY = 2

export interface ReportQueue {
  enqueue(job: ReportJob): Promise<unknown>
  /** Jobs waiting. */
  depth(): Promise<number>
  /** Finishes the jobs in hand. */
  close(): Promise<void>
}

/** @throws Error when Redis may throw jobs away: BullMQ needs `noeviction`. */
export async function openReportQueue(url: string, runner: ReportRunner, logger: Logger): Promise<ReportQueue> {
  const raw = createClient({ url, socket: { reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000) } })
  raw.on('error', (error: unknown) => logger.debug({ reason: reasonOf(error) }, 'Redis does not answer'))
  await raw.connect()
  const { 'maxmemory-policy': policy } = await raw.configGet('maxmemory-policy')
  if (policy !== 'noeviction')
    throw new Error(`Redis has maxmemory-policy ${policy ?? 'unknown'}; queues need noeviction, or jobs are lost`)
  const connection = createNodeRedisClient(raw)
  const queue = new Queue<ReportJob>(QUEUE, { connection, prefix: 'hw:bull' })
  const worker = new Worker<ReportJob>(QUEUE, async ({ data }) => runner.run(data), {
    connection,
    prefix: 'hw:bull',
    concurrency: CONCURRENCY,
  })
  const onError = (error: unknown): void => logger.warn({ reason: reasonOf(error) }, 'the queue does not answer')
  queue.on('error', onError)
  worker.on('error', onError)
  worker.on('failed', (failed, error) => {
    logger.warn({ job: failed?.data.id, attempt: failed?.attemptsMade, reason: reasonOf(error) }, 'a report failed')
    if (failed && failed.attemptsMade >= ATTEMPTS)
      runner
        .fail(failed.data.id, reasonOf(error))
        .catch((again: unknown) => logger.error({ reason: reasonOf(again) }, 'not settled'))
  })
  return {
    enqueue: (job) =>
      queue.add(job.report, job, {
        jobId: job.id,
        attempts: ATTEMPTS,
        backoff: { type: 'exponential', delay: 500 },
        removeOnComplete: { age: 60, count: 1_000 },
        removeOnFail: { age: 3_600, count: 1_000 },
      }),
    depth: () => queue.getWaitingCount(),
    close: async () => {
      await worker.close()
      await queue.close()
      raw.destroy()
    },
  }
}
