import { type Limits, type ListenOptions, type Peer } from '#mesh'
import { type PostgresStore } from '../postgres/store.js'
import { unpack } from '../log/unpack.js'
import { faultBound } from '../fault-point.js'
import { StoreUnavailable } from '../port.js'
import { wantedBy } from '../wanted.js'
import { CommitOutbox } from './commit-outbox.js'
import { VerdictCollector } from './verdicts.js'

/** An error as it crosses the link: with a code that the other side turns back into its class. */
class CodedError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryable: boolean,
  ) {
    super(message)
  }
}

function coded(error: unknown): unknown {
  if (error instanceof StoreUnavailable)
    return new CodedError(error.overloaded ? 'overloaded' : 'unavailable', error.message, true)
  return error
}

const DEAD_MS = faultBound('LINK_DEAD_MS', 2_500)

/** A writer that falls silent is given up soon: there is another, and an append may be sent again. Both ends keep to it. */
export const WRITER_LINK_LIMITS: Partial<Limits> = { heartbeat_ms: DEAD_MS / 5, dead_ms: DEAD_MS, backoff_ms_max: 500 }

/** Roles that append, and ask for what was appended. */
const APPENDERS = ['command-api', 'reporter', 'reactor']
/** A projector follows only. Nobody else has business with a writer, least of all who faces clients and appends nothing. */
const PEERS = [...APPENDERS, 'projector']

/** @throws CodedError for everybody else. */
function mayAppend({ role }: Peer): void {
  if (!APPENDERS.includes(role))
    throw new CodedError('not-allowed', `a ${role} follows what is committed, no more`, false)
}

/** The writer's end of the remote store: appends, names, who leads, and what is committed. Reads of events do not pass here. */
export function serveEventStore(
  store: PostgresStore,
): Pick<ListenOptions, 'accept' | 'requests' | 'streams' | 'limits'> {
  return {
    accept: PEERS,
    limits: WRITER_LINK_LIMITS,
    requests: {
      append: async (payload, { peer }) => {
        mayAppend(peer)
        const appends = unpack(payload as Buffer)
        const verdicts = new VerdictCollector(appends.length)
        store.submit(appends, verdicts)
        return verdicts.all
      },
      find: async (payload, { peer }) => {
        mayAppend(peer)
        try {
          return await store.find(payload as Buffer)
        } catch (error) {
          throw coded(error)
        }
      },
    },
    streams: {
      /** The epoch under which this writer takes appends, or null: now, and at each change. */
      leading: (_payload, { signal, write }) => {
        let epoch: bigint | null = null
        return pump(signal, {
          listen: (wake) =>
            store.onLeading((now) => {
              epoch = now ?? null
              wake()
            }),
          send: () => write(epoch),
        })
      },
      /** Payload: an `EventFilter`, or null for all. */
      commits: (payload, { signal, write }) => {
        const wanted = wantedBy(payload ?? undefined)
        let wakeUp = (): void => undefined
        const outbox = new CommitOutbox(wanted, () => wakeUp())
        return pump(signal, {
          listen: (wake) => {
            wakeUp = wake
            const stop = store.onCommitted((batch) => outbox.put(batch))
            return () => {
              stop()
              outbox.close()
            }
          },
          send: async () => {
            for (let batch = outbox.take(); batch; batch = outbox.take())
              await write([batch.after, batch.position, batch.rows])
          },
        })
      },
    },
  }
}

/** Sends whenever it is woken, never two at a time, until the subscriber leaves. */
async function pump(
  signal: AbortSignal,
  { listen, send }: { readonly listen: (wake: () => void) => () => void; readonly send: () => Promise<void> },
): Promise<void> {
  const news = { isThere: false }
  let wake: (() => void) | undefined
  const stop = listen(() => {
    news.isThere = true
    wake?.()
  })
  signal.addEventListener('abort', () => wake?.(), { once: true })
  try {
    while (!signal.aborted) {
      if (news.isThere) {
        news.isThere = false
        await send()
        continue
      }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  } finally {
    stop()
  }
}
