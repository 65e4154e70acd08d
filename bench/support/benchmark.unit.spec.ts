import { benchmark } from './benchmark.js'
import { UsageError } from './options.js'

const report = { ours: {}, peers: {}, limit: {}, ratios: {} }

test('nothing is started for one who asks for what there is not', async () => {
  const measure = jest.fn(async () => Promise.resolve(report))
  await expect(benchmark({ short: 'switch' }, measure)(['--long'])).rejects.toThrow(UsageError)
  expect(measure).not.toHaveBeenCalled()
})

test('what was started is stopped, the last first, also when measuring fails', async () => {
  const stopped: string[] = []
  const failing = benchmark({}, async (_, stops) => {
    for (const each of ['server', 'client']) stops.push(async () => Promise.resolve(void stopped.push(each)))
    return Promise.reject(new Error('no figures'))
  })
  await expect(failing([])).rejects.toThrow('no figures')
  expect(stopped).toEqual(['client', 'server'])
})
