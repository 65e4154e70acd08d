import { once } from 'node:events'
import { type EventStore } from '#event-store'
import { type Sources, type ReadTable } from '#read-models'
import { silentLogger } from '#testing'
import { OpenJobs } from './open-jobs.js'

afterEach(() => {
  jest.useRealTimers()
})

test('open jobs are swept by one at a time, however long the queue is away', async () => {
  jest.useFakeTimers()
  let sweeps = 0
  let answer = (): void => undefined
  const row = { id: 'a', report: 'r', params: {}, at: null }
  const replica = (): Promise<unknown> => {
    sweeps += 1
    return Promise.resolve({ rows: [{ row, created: { position: 1n, ordinal: 0 }, changed: 1n }] })
  }
  const store = {
    head: () => Promise.resolve(0n),
    async *subscribe({ signal }: { readonly signal: AbortSignal }) {
      await once(signal, 'abort')
    },
  }
  const open = new OpenJobs({
    store: store as unknown as EventStore,
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
