import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 10

/**
 * Waits until a condition holds. Looks every 10 ms, and once more when `timeout_ms` (default 90,000) have passed; then it gives up. That is
 * a bound on a hanging test and no assertion about speed.
 *
 * @returns what `check` returned, once that was neither false nor undefined.
 * @throws Error with `what`, and with what `check` threw last. What an `expect` in it throws is thrown at once: it was wrong once, and that
 *   it is right later makes it no better.
 */
export async function eventually<T>(
  what: string,
  check: () => T | false | undefined | Promise<T | false | undefined>,
  { timeout_ms = 90_000 }: { readonly timeout_ms?: number } = {},
): Promise<T> {
  const deadline_ms = performance.now() + timeout_ms
  let cause: unknown
  for (;;) {
    const isLastLook = performance.now() >= deadline_ms
    try {
      const value = await check()
      if (value !== false && value !== undefined) return value
    } catch (error) {
      if (isAssertion(error)) throw error
      cause = error
    }
    if (isLastLook) throw new Error(`never came true: ${what}`, { cause })
    await sleep(POLL_MS)
  }
}

/** As Jest marks what its `expect` throws, in whichever of its realms. */
const isAssertion = (error: unknown): boolean => typeof error === 'object' && error !== null && 'matcherResult' in error
