import { NoAnswer, within } from './within.js'

beforeEach(() => jest.useFakeTimers())
afterEach(() => jest.useRealTimers())

test('what comes to nothing for so long is given up', async () => {
  const call = within(1_000, 'asking', async () => new Promise(() => undefined))
  const failure = expect(call).rejects.toThrow(new NoAnswer('asking: no answer within 1000 ms'))
  await jest.advanceTimersByTimeAsync(1_000)
  await failure
})

test('what goes on is waited for, however long it takes, and given up when it goes on no longer', async () => {
  let outcome = 'waiting'
  const call = within(1_000, 'asking', async (goesOn) => {
    setInterval(goesOn, 900)
    return new Promise<void>((resolve) => setTimeout(resolve, 10_000))
  })
  void call.then(() => (outcome = 'answered'))
  await jest.advanceTimersByTimeAsync(9_999)
  expect(outcome).toBe('waiting')
  await jest.advanceTimersByTimeAsync(1)
  expect(outcome).toBe('answered')
  const silent = within(1_000, 'asking', async (goesOn) => {
    setTimeout(goesOn, 900)
    return new Promise(() => undefined)
  })
  const failure = expect(silent).rejects.toBeInstanceOf(NoAnswer)
  await jest.advanceTimersByTimeAsync(1_900)
  await failure
})
