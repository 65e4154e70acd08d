import { once } from 'node:events'
import { type EventStore } from '#event-store'
import { type ReadTable, type Sources, type Statement, tablesOf } from '#read-models'
import { jobs, reports } from '#reports'
import { silentLogger } from '#testing'
import { OpenJobs } from './open-jobs.js'

afterEach(() => {
  jest.useRealTimers()
})

/** A log in which nothing happens. */
const quiet = {
  head: () => Promise.resolve(0n),
  async *subscribe({ signal }: { readonly signal: AbortSignal }) {
    if (!signal.aborted) await once(signal, 'abort')
  },
}

test('open jobs are swept by one at a time, however long the queue is away', async () => {
  jest.useFakeTimers()
  let sweeps = 0
  let answer = (): void => undefined
  const row = { id: 'a', report: 'r', params: {}, at: null }
  const replica = (): Promise<unknown> => {
    sweeps += 1
    return Promise.resolve({ rows: [{ row, created: { position: 1n, ordinal: 0 }, changed: 1n }] })
  }
  const open = new OpenJobs({
    store: quiet as unknown as EventStore,
    sources: { replica } as unknown as Sources,
    table: { columns: {} } as ReadTable,
    logger: silentLogger(),
    enqueue: () => new Promise<void>((resolve) => (answer = resolve)),
  })
  await jest.advanceTimersByTimeAsync(60_000)
  expect(sweeps).toBe(1)
  answer()
  await jest.advanceTimersByTimeAsync(60_000)
  expect(sweeps).toBe(2)
  await open.close()
})

test('open jobs are swept where queries read them, whichever version of the read model that is', async () => {
  const [table] = tablesOf([{ ...reports, projections: [{ ...jobs, version: 2 }] }])
  const asked: string[] = []
  const replica = ({ text }: Statement): Promise<unknown> => {
    asked.push(text)
    return Promise.resolve({ rows: [] })
  }
  const open = new OpenJobs({
    store: quiet as unknown as EventStore,
    sources: { replica } as unknown as Sources,
    table: table!,
    logger: silentLogger(),
    enqueue: () => Promise.resolve(),
  })
  await open.close()
  expect(asked).toEqual([expect.stringContaining('from "jobs_v2"."jobs" t where')])
})
