import { createNodeRedisClient, Queue, UnrecoverableError } from 'bullmq'
import { createClient } from 'redis'
import { eventually, type ScratchRedis, scratchRedis, silentLogger } from '#testing'
import { openReportQueue, type ReportQueue } from './queue.js'
import { NotYet, type ReportJob } from './report-runner.js'

let scratch: ScratchRedis
let redis: ReturnType<typeof createClient>
let inside: Queue<ReportJob>
let queue: ReportQueue | undefined
let ran: string[]
let settled: string[]
let run: (job: ReportJob) => Promise<void>
let fail: (id: string, reason: string) => Promise<void>

const job = (id: string): ReportJob => ({ id, report: 'r', params: {}, minPosition: '1' })

beforeEach(async () => {
  scratch = await scratchRedis()
  redis = createClient({ url: scratch.url })
  await redis.connect()
  inside = new Queue('reports', { connection: createNodeRedisClient(redis), prefix: 'hw:bull' })
  queue = undefined
  ran = []
  settled = []
  run = () => Promise.resolve()
  fail = () => Promise.resolve()
})
afterEach(async () => {
  await queue?.close()
  await inside.close()
  redis.destroy()
  await scratch.drop()
})

const open = async (): Promise<ReportQueue> => {
  const runner = {
    run: (each: ReportJob) => {
      ran.push(each.id)
      return run(each)
    },
    fail: async (id: string, reason: string) => {
      await fail(id, reason)
      settled.push(`${id}: ${reason}`)
    },
  }
  return (queue = await openReportQueue(scratch.url, runner, silentLogger()))
}

test('a job that two reporters died of is settled, and not run a third time', async () => {
  const first = await open()
  await inside.pause()
  await first.enqueue(job('a'))
  // As BullMQ leaves it when the lock of a worker has run out for the second time.
  await redis.hSet('hw:bull:reports:a', { ats: '2', stc: '2', defa: 'job stalled more than allowable limit' })
  await inside.resume()
  await eventually('it is settled', () => settled.length > 0)
  expect(settled).toEqual(['a: job stalled more than allowable limit'])
  expect(ran).toEqual([])
})

test('one that is tried again is not settled', async () => {
  run = () => (ran.length === 1 ? Promise.reject(new Error('once')) : Promise.resolve())
  await (await open()).enqueue(job('a'))
  await eventually('it was tried again', () => ran.length === 2)
  expect(settled).toEqual([])
})

test('one that failed and could not be settled is taken again when it is found open, until it is settled', async () => {
  run = () => Promise.reject(new UnrecoverableError('a bug'))
  let refusals = 0
  fail = () => ((refusals += 1) === 1 ? Promise.reject(new Error('no log')) : Promise.resolve())
  const opened = await open()
  await opened.enqueue(job('a'))
  await eventually('it could not be settled', () => refusals === 1)
  await opened.enqueue(job('a'))
  await eventually('it is settled', () => settled.length > 0)
  expect({ ran, settled }).toEqual({ ran: ['a', 'a'], settled: ['a: a bug'] })
})

test('one that an earlier release has kept as failed keeps nobody away', async () => {
  run = () => Promise.reject(new UnrecoverableError('a bug'))
  const before = await open()
  await inside.add('r', job('a'), { jobId: 'a', removeOnFail: false })
  await eventually('it has failed', async () => (await inside.getFailedCount()) === 1)
  await before.close()
  await (await open()).enqueue(job('a'))
  await eventually('it is run again', () => ran.length === 2)
})

test('those that cannot be done yet wait aside: it is no attempt of theirs, and others have the places', async () => {
  run = ({ id }) => (id === 'ready' ? Promise.resolve() : Promise.reject(new NotYet('the replica is behind')))
  const opened = await open()
  const early = Array.from({ length: 4 }, (_, at) => `early-${at}`)
  for (const id of [...early, 'ready']) await opened.enqueue(job(id))
  await eventually('the one that can be done is', () => ran.includes('ready'))
  await eventually('the others wait', async () => (await inside.getDelayedCount()) === early.length)
  const attempts = await Promise.all(early.map(async (id) => (await inside.getJob(id))?.attemptsMade))
  expect(attempts).toEqual(early.map(() => 0))
  expect(settled).toEqual([])
})
