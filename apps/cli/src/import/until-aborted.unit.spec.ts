import { untilAborted } from './until-aborted.js'

async function* counting(onEnd: () => void): AsyncGenerator<number> {
  try {
    for (let i = 0; ; i++) yield await Promise.resolve(i)
  } finally {
    onEnd()
  }
}

test('a silent source does not outlive the signal', async () => {
  const controller = new AbortController()
  const silent = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<number>>(() => undefined) }),
  }
  const read = untilAborted(silent, controller.signal).next()
  controller.abort(new Error('enough'))
  await expect(read).rejects.toThrow('enough')
})

test('a reader that stops early gives the source back', async () => {
  const onEnd = jest.fn()
  const seen: number[] = []
  for await (const each of untilAborted(counting(onEnd), new AbortController().signal)) {
    seen.push(each)
    if (each === 2) break
  }
  expect(seen).toEqual([0, 1, 2])
  expect(onEnd).toHaveBeenCalledTimes(1)
})

test('a signal that has fired already lets nothing through', async () => {
  const onEnd = jest.fn()
  await expect(untilAborted(counting(onEnd), AbortSignal.abort(new Error('late'))).next()).rejects.toThrow('late')
})
