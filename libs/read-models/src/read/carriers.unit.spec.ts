import { document, domain, integer, projection, text } from '#domain-kit'
import { silentLogger } from '#testing'
import { counter } from '../fixtures/counter.js'
import { tablesOf } from '../tables/table.js'
import { Carriers } from './carriers.js'

const sums = projection('sums', {
  version: 1,
  of: counter,
  table: { counter: text().key(), sum: integer() },
  key: (event) => ({ counter: event.aggregateId }),
  fold: { Counted: (row) => row },
})
const tables = tablesOf([domain('counting', { commands: [], resources: [document(sums, 'GET /sums/{counter}')] })])

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

test('a database that has lost what was known of it is believed after a minute', async () => {
  const row = (build: number, epoch: string): Record<string, unknown> => ({
    ...{ projection: 'sums', version: 1, fleet: 'f', build, live_at: '0', epoch },
  })
  let rows = [row(2, '10')]
  const carriers = new Carriers(tables, () => Promise.resolve(rows), silentLogger())
  await carriers.start()
  rows = [row(1, '9')]
  const build = (): number | undefined => carriers.carrier(tables[0]!)?.build
  await jest.advanceTimersByTimeAsync(59_000)
  expect(build()).toBe(2)
  await jest.advanceTimersByTimeAsync(2_000)
  expect(build()).toBe(1)
  carriers.close()
})
