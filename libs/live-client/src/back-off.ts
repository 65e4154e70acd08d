const FIRST_MS = 250
const LONGEST_MS = 5_000

/**
 * How long to wait before the next attempt: somewhere up to 250 ms, doubling up to 5 s. Nobody waits as long as the others
 * do, so that those who lost the same server do not come back together.
 *
 * @param attempt 0 for the first after a success. @param random from 0 to 1.
 * @returns ms
 */
export function backOff_ms(attempt: number, random: number): number {
  const longest_ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10))
  return longest_ms * (0.2 + 0.8 * random)
}

/** Longer than a server can reasonably ask to stay away. */
const CLOSING_MS_MAX = 60_000

/**
 * When to go after a server's `closing`. Mostly when it says, and a little later. Early when our token is about to expire and
 * we can get another one: the connection still works, and is left before it is closed.
 *
 * @param random from 0 to 1. @returns ms
 */
export function moveAfter_ms(message: unknown, canRenew: boolean, random: number): number {
  const { reconnectInMs, reason } = (message ?? {}) as { readonly reconnectInMs?: unknown; readonly reason?: unknown }
  const asked_ms = typeof reconnectInMs === 'number' && reconnectInMs >= 0 ? reconnectInMs : 0
  const bounded_ms = Math.min(asked_ms, CLOSING_MS_MAX)
  return canRenew && reason === 'token-expires' ? bounded_ms * (0.1 + 0.4 * random) : bounded_ms + random * 250
}
