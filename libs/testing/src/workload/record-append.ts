import { setTimeout as sleep } from 'node:timers/promises'
import { type AppendRequest, type AppendResult, type EventStore, StoreUnavailable } from '#event-store'
import { contentOf } from '../log-checker/content.js'
import { type Operation, type OperationResult, type WrittenEvents } from '../log-checker/history.js'

export interface Recording {
  readonly operation: Operation
  /** The last answer; undefined when there was none. */
  readonly answer: AppendResult | undefined
  /** How often it was sent. */
  readonly attempts: number
}

export interface RecordOptions {
  readonly client: string
  /** What it must come to. */
  readonly expected?: Operation['expected']
  /** Ends the asking; the outcome is then unknown. */
  readonly signal: AbortSignal
  /** Between two attempts, in ms. Default 20. */
  readonly retry_ms?: number
  /** After each attempt that was to be made again. */
  readonly onRefused?: () => void
}

/** Ms on the clock that all processes of this machine share; it never goes back. */
export const sharedClock_ms = (): number => Number(process.hrtime.bigint()) / 1e6

/** Sends an append until somebody knows what became of it, always under the same command id, and writes down what was said. */
export async function recordAppend(
  store: EventStore,
  request: AppendRequest,
  { client, expected, signal, retry_ms = 20, onRefused }: RecordOptions,
): Promise<Recording> {
  const invoked_ms = sharedClock_ms()
  let attempts = 0
  let answer: AppendResult | undefined
  while (!answer && !signal.aborted) {
    attempts += 1
    try {
      answer = await store.append(request)
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      onRefused?.()
      await sleep(retry_ms)
    }
  }
  const result = resultOf(answer)
  const operation = {
    client,
    command: request.commandId,
    writes: writtenBy(request),
    invoked_ms,
    result,
    ...(expected ? { expected } : {}),
  }
  return { operation, answer, attempts }
}

/** The last event of the first write also says which command it was. */
function writtenBy({ commandId, requestHash, writes }: AppendRequest): readonly WrittenEvents[] {
  const $command = { key: commandId.key, hash: requestHash }
  const named = writes[0]?.events.at(-1)
  return writes.map(({ stream, events }) => ({
    stream,
    ids: events.map(({ id }) => id),
    contents: events.map((event) =>
      contentOf(event === named ? { ...event, metadata: { ...event.metadata, $command } } : event),
    ),
  }))
}

function resultOf(answer: AppendResult | undefined): OperationResult {
  switch (answer?.outcome) {
    case undefined:
      return { kind: 'unknown' }
    case 'appended':
    case 'replayed': {
      const { stream, revision, position } = answer
      return { kind: 'acknowledged', acked_ms: sharedClock_ms(), place: { stream, revision, position } }
    }
    case 'mismatch':
    case 'claimed':
    case 'conflict':
      return { kind: 'refused' }
  }
}
