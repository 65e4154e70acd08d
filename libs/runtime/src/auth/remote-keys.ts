import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type ExportedJWKSCache,
  jwksCache,
  type JWTVerifyGetKey,
} from 'jose'
import { reasonOf } from '../log/logger.js'
import { Problem } from '../problem/problem.js'

/** How long the last key set counts while no newer one can be had: tokens that are out live for less. */
const STALE_MS_MAX = 86_400_000
/** Until the endpoint is asked again after it failed: not every request may wait for it. */
const PAUSE_MS = 5_000

/**
 * Keys of a JWKS endpoint, asked for every 10 minutes, and for a key that is not known. While it does not answer with a key set the last
 * one counts, for a day: an identity provider that is down turns nobody away whom it has let in.
 *
 * @throws Problem `unavailable` when nobody can say whether the key is good.
 */
export function remoteKeys(url: URL): JWTVerifyGetKey {
  const cache: Partial<ExportedJWKSCache> = {}
  const remote = createRemoteJWKSet(url, { [jwksCache]: cache as Record<string, never> })
  let failedAt_ms = -Infinity
  let reason = ''
  return async (header, token) => {
    if (Date.now() - failedAt_ms >= PAUSE_MS)
      try {
        return await remote(header, token)
      } catch (error) {
        if (isVerdict(error)) throw error
        failedAt_ms = Date.now()
        reason = reasonOf(error)
      }
    const { jwks, uat = -Infinity } = cache
    try {
      if (jwks && Date.now() - uat < STALE_MS_MAX) return await createLocalJWKSet(jwks)(header, token)
    } catch (error) {
      // A key that the last set does not have may be in the next one.
      if (isVerdict(error) && !(error instanceof errors.JWKSNoMatchingKey)) throw error
    }
    throw Problem.of('unavailable', `the key set cannot be had: ${reason}`, { retryAfter_s: PAUSE_MS / 1_000 })
  }
}

/** What says something about the token, not about the endpoint. */
function isVerdict(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  )
}
