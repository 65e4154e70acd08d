import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { commandBatches, type Outgoing } from './command-batches.js'
import { type CommandResult, readResult } from './command-result.js'
import { ConnectionLost, postLines, type PostOptions, RequestRefused } from './post-lines.js'
import { problemText } from './problem.js'
import { DEFAULT_RETRY, type RetryPolicy, waitToRetry } from './retry.js'

/** The answer to a command that is settled for good. */
export type Settled = Exclude<CommandResult, { kind: 'later' | 'ended' }>

export interface SendOptions {
  /** Origin of the command API. */
  readonly commandsUrl: string
  /** Asked before every request, so that an import may outlive a token. */
  readonly token: () => Promise<string>
  readonly retry?: RetryPolicy | undefined
  readonly signal?: AbortSignal | undefined
  /** Told before each wait. `attempt` from 1. */
  readonly onRetry?: (reason: string, attempt: number) => void
}

/** How far one try came: what must be sent again, why, and how long the server asks to wait. */
interface Exchange<T> {
  readonly open: Outgoing<T>[]
  readonly reason: string
  readonly retryAfter_ms: number
}

/**
 * Sends commands through `POST /v1/commands`, in order, at most 2,000 of them or 4 MiB unanswered, and tells
 * `onSettled` of each one exactly once. One request is answered before the next is begun, so a command may rely on
 * the ones before it. What is lost on the way or answered with 429, 502, 503 or 504 is sent again with the same key;
 * what was refused *behind* such a command is too, because it may have been refused for want of it.
 *
 * Memory is bounded by one batch; the commands are taken from the iterable only as batches are answered.
 *
 * @throws RequestRefused when the server refuses the request itself (twice in a row for 401: a token may just have expired).
 * @throws ConnectionLost when nothing gets through `attempts_max` times in a row.
 * @throws ProtocolError when the answers make no sense.
 */
export async function sendCommands<T>(
  commands: AsyncIterable<Outgoing<T>>,
  options: SendOptions,
  onSettled: (about: T, result: Settled) => void,
): Promise<void> {
  const url = new URL('/v1/commands', options.commandsUrl)
  const agent = new (url.protocol === 'https:' ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 1 })
  const retry = options.retry ?? DEFAULT_RETRY
  try {
    for await (const batch of commandBatches(commands)) {
      let open = batch
      let attempt = 0
      let unauthorized = 0
      while (open.length > 0) {
        options.signal?.throwIfAborted()
        const post = {
          url,
          agent,
          token: await options.token(),
          silence_ms_max: retry.silence_ms_max,
          signal: options.signal,
        }
        const tried = await exchange(open, post, onSettled).catch((error: unknown) => {
          if (error instanceof RequestRefused && error.status === 401 && unauthorized++ === 0) {
            return { open, reason: error.message, retryAfter_ms: 0 }
          }
          throw error
        })
        attempt = tried.open.length < open.length ? 0 : attempt
        open = tried.open
        if (open.length === 0) break
        attempt++
        if (attempt >= retry.attempts_max) throw new ConnectionLost(`gave up after ${attempt} tries: ${tried.reason}`)
        options.onRetry?.(tried.reason, attempt)
        await waitToRetry(retry, attempt, tried.retryAfter_ms, options.signal)
      }
    }
  } finally {
    agent.destroy()
  }
}

/** One request. Settles what it can; what it could not, in order, is left open. */
async function exchange<T>(
  batch: Outgoing<T>[],
  post: PostOptions,
  onSettled: (about: T, result: Settled) => void,
): Promise<Exchange<T>> {
  const body = Buffer.from(batch.map(({ line }) => `${line}\n`).join(''))
  const again: Outgoing<T>[] = []
  let reason = 'the answer ended before every command was answered'
  let retryAfter_ms = 0
  let answered = 0
  try {
    for await (const line of postLines(body, post)) {
      const result = readResult(line, batch[answered]?.key)
      if (result.kind === 'ended') {
        reason = problemText(result.status, result.problem)
        break
      }
      const command = batch[answered++]
      if (!command) break
      if (result.kind === 'later') {
        again.push(command)
        reason = problemText(result.status, result.problem)
      } else if (result.kind === 'refused' && again.length > 0) again.push(command)
      else onSettled(command.about, result)
    }
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error
    reason = error.message
    retryAfter_ms = error.retryAfter_ms
  }
  return { open: [...again, ...batch.slice(answered)], reason, retryAfter_ms }
}
