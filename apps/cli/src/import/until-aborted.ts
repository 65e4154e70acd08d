/**
 * The items of `source`, until the signal fires: also while the source is silent, which no `for await` notices.
 * Takes one item at a time, and gives the source back when the reader stops.
 *
 * @throws the signal's reason as soon as it fires. A source that is in the middle of a read is then told to end, and not waited for.
 */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  if (signal === undefined) {
    yield* source
    return
  }
  const iterator = source[Symbol.asyncIterator]() as AsyncIterator<T, undefined>
  let isDone = false
  try {
    for (;;) {
      const { done, value } = await nextOrAbort(iterator, signal)
      if (done === true) {
        isDone = true
        return
      }
      yield value
    }
  } finally {
    const ended = isDone ? undefined : iterator.return?.()
    if (signal.aborted) ended?.catch(() => undefined)
    else await ended
  }
}

/** One listener for one read, taken off again: a long import leaves nothing behind on a long-lived signal. */
function nextOrAbort<T>(
  iterator: AsyncIterator<T, undefined>,
  signal: AbortSignal,
): Promise<IteratorResult<T, undefined>> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) {
      abort()
      return
    }
    signal.addEventListener('abort', abort, { once: true })
    const off = (): void => signal.removeEventListener('abort', abort)
    iterator.next().then(resolve, reject).finally(off)
  })
}
