import { type Principal } from './principal.js'

/** Tokens kept at most; who came first goes first. */
const TOKENS_MAX = 1_000
/** Longer tokens are verified each time: what is kept must not depend on what is sent. */
const LENGTH_MAX = 4_096
/** From then on the signature is checked again, in case its key is one of the set no longer. */
const AGE_MS_MAX = 60_000

interface Verified {
  readonly principal: Principal
  /** ms since 1970. */
  readonly until_ms: number
}

/** Tokens whose signature was checked within the last minute: checking costs more than all else that a request does. */
export class VerifiedTokens {
  private readonly tokens = new Map<string, Verified>()

  /** @returns undefined for one that is not known, or is known to have expired. */
  get(token: string): Principal | undefined {
    const known = this.tokens.get(token)
    if (!known) return undefined
    if (Date.now() < known.until_ms) return known.principal
    this.tokens.delete(token)
    return undefined
  }

  add(token: string, principal: Principal): void {
    if (token.length > LENGTH_MAX) return
    this.tokens.delete(token)
    this.tokens.set(token, { principal, until_ms: Math.min(principal.expiresAt_ms, Date.now() + AGE_MS_MAX) })
    if (this.tokens.size <= TOKENS_MAX) return
    for (const oldest of this.tokens.keys()) {
      this.tokens.delete(oldest)
      return
    }
  }
}
