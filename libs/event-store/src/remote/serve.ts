import { type ListenOptions } from '#mesh'
import { type PostgresStore } from '../postgres/store.js'
import { checkLimits } from '../limits.js'
import { type CommittedBatch } from '../postgres/rows.js'
import { StoreLimitExceeded, StoreUnavailable } from '../port.js'
import { decodeAppend, encodeVerdict, type WireAppend } from './wire.js'

/** An error as it crosses the link: with a code that the other side turns back into its class. */
class CodedError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryable: boolean,
    readonly details?: unknown,
  ) {
    super(message)
  }
}

function coded(error: unknown): unknown {
  if (error instanceof StoreUnavailable)
    return new CodedError(error.overloaded ? 'overloaded' : 'unavailable', error.message, true)
  if (error instanceof StoreLimitExceeded) {
    const { limit, actual, allowed } = error
    return new CodedError('limit', error.message, false, { limit, actual, allowed })
  }
  return error
}

/** The writer's end of the remote store: appends, names, and the stream of commits. Reads of events do not pass here. */
export function serveEventStore(store: PostgresStore): Pick<ListenOptions, 'requests' | 'streams'> {
  return {
    requests: {
      append: async (payload) => {
        const planned = decodeAppend(payload as WireAppend)
        try {
          checkLimits(planned, store.limits)
          return encodeVerdict(await store.submit(planned), planned)
        } catch (error) {
          throw coded(error)
        }
      },
      find: async (payload) => {
        try {
          return await store.find(payload as Buffer)
        } catch (error) {
          throw coded(error)
        }
      },
    },
    streams: {
      commits: async (_payload, { signal, write }) => {
        let waiting: CommittedBatch[] = []
        let wake: (() => void) | undefined
        const stop = store.onCommitted((batch) => {
          // A slow subscriber loses tidings, not events: it reads the log where the chain of batches breaks.
          if (waiting.length >= 64) waiting = []
          waiting.push(batch)
          wake?.()
        })
        signal.addEventListener('abort', () => wake?.(), { once: true })
        try {
          while (!signal.aborted) {
            for (const { after, position, rows } of waiting.splice(0)) await write([after, position, rows])
            if (waiting.length > 0) continue
            await new Promise<void>((resolve) => {
              wake = resolve
              if (signal.aborted) resolve()
            })
          }
        } finally {
          stop()
        }
      },
    },
  }
}
