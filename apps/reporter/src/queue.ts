import { createNodeRedisClient, DelayedError, type Job, Queue, Worker } from 'bullmq'
import { createClient } from 'redis'
import { type Logger, reasonOf } from '#runtime'
import { NotYet, type ReportJob, type ReportRunner } from './report-runner.js'

const QUEUE = 'reports'
const ATTEMPTS = 5
const CONCURRENCY = 2
/** A job that cannot be done yet leaves its place to others for so long. */
const LATER_MS = 5_000

export interface ReportQueue {
  enqueue(job: ReportJob): Promise<unknown>
  /** Jobs waiting. */
  depth(): Promise<number>
  /** Finishes the jobs in hand. */
  close(): Promise<void>
}

/**
 * Hands jobs to a runner. One that failed for good is settled, and forgotten here at once: what could not be settled is still open in the
 * read model, and is put in anew. A job that two reporters died of has failed for good without being run a third time.
 *
 * @throws Error when Redis may throw jobs away: BullMQ needs `noeviction`.
 */
export async function openReportQueue(
  url: string,
  runner: Pick<ReportRunner, 'run' | 'fail'>,
  logger: Logger,
): Promise<ReportQueue> {
  const raw = createClient({ url, socket: { reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000) } })
  raw.on('error', (error: unknown) => logger.debug({ reason: reasonOf(error) }, 'Redis does not answer'))
  await raw.connect()
  const { 'maxmemory-policy': policy } = await raw.configGet('maxmemory-policy')
  if (policy !== 'noeviction')
    throw new Error(`Redis has maxmemory-policy ${policy ?? 'unknown'}; queues need noeviction, or jobs are lost`)
  const connection = createNodeRedisClient(raw)
  const queue = new Queue<ReportJob>(QUEUE, { connection, prefix: 'hw:bull' })
  // Kept by releases before this one, for ever: a thousand at most.
  await queue.clean(0, 0, 'failed')
  const worker = new Worker<ReportJob>(QUEUE, async (job, token) => work(runner, job, token), {
    connection,
    prefix: 'hw:bull',
    concurrency: CONCURRENCY,
  })
  const onError = (error: unknown): void => logger.warn({ reason: reasonOf(error) }, 'the queue does not answer')
  queue.on('error', onError)
  worker.on('error', onError)
  worker.on('failed', (failed, error) => {
    logger.warn({ job: failed?.data.id, attempt: failed?.attemptsMade, reason: reasonOf(error) }, 'a report failed')
    // Set when nobody tries again, and only then: after fewer attempts, too, when workers died of it.
    if (failed?.finishedOn === undefined) return
    const { id } = failed.data
    runner
      .fail(id, reasonOf(error))
      .catch((again: unknown) => logger.error({ job: id, reason: reasonOf(again) }, 'not settled; it is begun anew'))
  })
  return {
    enqueue: (job) =>
      queue.add(job.report, job, {
        jobId: job.id,
        attempts: ATTEMPTS,
        backoff: { type: 'exponential', delay: 500 },
        removeOnComplete: { age: 60, count: 1_000 },
        // While one of this id is there BullMQ takes no other: what failed must not keep away what is still open.
        removeOnFail: true,
      }),
    depth: () => queue.getWaitingCount(),
    close: async () => {
      await worker.close()
      await queue.close()
      raw.destroy()
    },
  }
}

async function work(runner: Pick<ReportRunner, 'run'>, job: Job<ReportJob>, token: string | undefined): Promise<void> {
  try {
    await runner.run(job.data)
  } catch (error) {
    if (!(error instanceof NotYet)) throw error
    await job.moveToDelayed(Date.now() + LATER_MS, token)
    throw new DelayedError(error.message)
  }
}
