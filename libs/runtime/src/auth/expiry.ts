import { type Problem } from '../problem/problem.js'
import { unauthorized } from './authenticator.js'
import { type Principal } from './principal.js'

/** `setTimeout` waits no longer. */
const WAIT_MS_MAX = 2_147_483_647

/** For what goes on for as long as its client likes: it must not outlive the token that let it in. */
export type Expiring = Pick<Principal, 'expiresAt_ms'>

export const isExpired = ({ expiresAt_ms }: Expiring): boolean => Date.now() >= expiresAt_ms

/** Calls once, as soon as the token is worth nothing. @returns what calls it off */
export function atExpiry(token: Expiring, run: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const wait = (): void => {
    if (isExpired(token)) return run()
    timer = setTimeout(wait, Math.min(token.expiresAt_ms - Date.now(), WAIT_MS_MAX)).unref()
  }
  wait()
  return () => clearTimeout(timer)
}

/** @param remedy what to do with a new token */
export const expiredMeanwhile = (remedy: string): Problem =>
  unauthorized(`the token has expired meanwhile; get a new one and ${remedy}`)
