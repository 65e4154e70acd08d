import { LinkError } from '../errors.js'
import { type ClientConnection } from './client-connection.js'

/** One subscription as an async iterable. Credit is given back in halves, so that a fast reader never waits. */
export async function* readStream(
  connection: ClientConnection,
  method: string,
  payload: unknown,
  credit: number,
  signal: AbortSignal | undefined,
): AsyncGenerator {
  const items: unknown[] = []
  let ended: { readonly error?: Error } | undefined
  let wake: (() => void) | undefined
  let taken = 0
  const id = connection.open(method, payload, credit, {
    item: (value) => {
      items.push(value)
      wake?.()
    },
    end: (error) => {
      ended = error ? { error } : {}
      wake?.()
    },
  })
  const abort = (): void => {
    ended = { error: new LinkError('closed', 'the caller gave up', true, { cause: signal?.reason }) }
    wake?.()
  }
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  try {
    for (;;) {
      if (items.length > 0 && !signal?.aborted) {
        yield items.shift()
        taken += 1
        if (taken >= Math.ceil(credit / 2)) {
          connection.grant(id, taken)
          taken = 0
        }
        continue
      }
      const over = ended as { readonly error?: Error } | undefined
      if (over?.error) throw over.error
      if (over) return
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    connection.leave(id)
  }
}
