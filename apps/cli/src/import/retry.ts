import { setTimeout as sleep } from 'node:timers/promises'

/** How long to keep trying while nothing gets through. Any answer that settles a command starts the count anew. */
export interface RetryPolicy {
  /** Tries in a row without any progress before giving up. */
  readonly attempts_max: number
  /** Longest wait before the first retry; it doubles with each. */
  readonly delay_ms_first: number
  /** Longest wait of all, also when `Retry-After` asks for more. */
  readonly delay_ms_max: number
  /** Silence on the connection after which it counts as lost. */
  readonly silence_ms_max: number
}

/** About half a minute on average: longer than a restart of any process takes. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts_max: 16,
  delay_ms_first: 100,
  delay_ms_max: 5_000,
  silence_ms_max: 60_000,
}

/**
 * Waits before a retry: exponential back-off with full jitter (Brooker, "Exponential Backoff And Jitter", 2015), and
 * not less than the server asked for, within the policy's maximum.
 *
 * @param attempt how many tries have failed in a row, from 1.
 * @throws AbortError when the signal fires.
 */
export async function waitToRetry(
  policy: RetryPolicy,
  attempt: number,
  retryAfter_ms: number,
  signal: AbortSignal | undefined,
  random: () => number = Math.random,
): Promise<void> {
  await sleep(retryDelay_ms(policy, attempt, retryAfter_ms, random), undefined, signal ? { signal } : {})
}

/** The wait itself, in milliseconds. */
export function retryDelay_ms(
  policy: RetryPolicy,
  attempt: number,
  retryAfter_ms: number,
  random: () => number,
): number {
  const ceiling_ms = Math.min(policy.delay_ms_max, policy.delay_ms_first * 2 ** (attempt - 1))
  return Math.min(policy.delay_ms_max, Math.max(retryAfter_ms, random() * ceiling_ms))
}

/** `Retry-After` in milliseconds: seconds or a date; 0 when there is none or it makes no sense. */
export function readRetryAfter_ms(header: string | undefined, now_ms: number): number {
  if (header === undefined) return 0
  const wait_ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now_ms
  return Number.isFinite(wait_ms) ? Math.max(0, wait_ms) : 0
}
