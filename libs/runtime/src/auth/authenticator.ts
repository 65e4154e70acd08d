import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { Problem } from '../problem/problem.js'
import { type Principal, type Scope, SCOPES } from './principal.js'
import { remoteKeys } from './remote-keys.js'
import { VerifiedTokens } from './verified-tokens.js'

/** Pinned: asymmetric only, so that neither `none` nor a public key misused as a secret passes. */
const ALGORITHMS = ['EdDSA', 'ES256', 'RS256']
export const TOKEN_TYPE = 'at+jwt'
const TOKEN_LENGTH_MAX = 16_384

export interface Authenticator {
  /** What a verification that is not old brought, as long as the token is worth anything. */
  recall(token: string): Principal | undefined
  /** @throws Problem `unauthorized`; its detail says which check failed. Problem `unavailable` when there are no keys to check with. */
  verify(token: string): Promise<Principal>
}

export interface AuthenticatorOptions {
  readonly jwksUrl: string
  readonly issuer: string
  readonly audience: string
  /** Names of the aggregates to whose instances a claim may restrict a token; others' claims restrict nothing. */
  readonly aggregates: readonly string[]
}

/** Checks signature, algorithm, type, issuer, audience and expiry (RFC 9068). Keys come from a file or a JWKS endpoint. */
export async function createAuthenticator(about: AuthenticatorOptions): Promise<Authenticator> {
  const { jwksUrl, issuer, audience, aggregates } = about
  const keys = jwksUrl.startsWith('file:')
    ? createLocalJWKSet(JSON.parse(await readFile(fileURLToPath(jwksUrl), 'utf8')) as JSONWebKeySet)
    : remoteKeys(new URL(jwksUrl))
  const verified = new VerifiedTokens()
  return {
    recall: (token) => verified.get(token),
    verify: async (token) => {
      if (token.length > TOKEN_LENGTH_MAX) throw unauthorized('the token is too long')
      try {
        const options = { issuer, audience, algorithms: ALGORITHMS, typ: TOKEN_TYPE, requiredClaims: ['exp', 'sub'] }
        const principal = principalOf((await jwtVerify(token, keys, options)).payload, aggregates)
        verified.add(token, principal)
        return principal
      } catch (error) {
        throw translated(error)
      }
    },
  }
}

function translated(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return unauthorized('the token has expired; get a new one')
  if (error instanceof errors.JWTClaimValidationFailed)
    return unauthorized(`the token's ${error.claim} is not accepted`)
  if (error instanceof errors.JOSEError) return unauthorized('the token is malformed or its signature is not ours')
  if (error instanceof TypeError) return unauthorized('the token is malformed')
  return error
}

export function unauthorized(detail: string): Problem {
  return Problem.of('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
}

function principalOf(payload: JWTPayload, aggregates: readonly string[]): Principal {
  const claimOf = (aggregate: string): unknown => payload[`${aggregate}s`]
  const { sub = '', exp = 0, scope } = payload
  const granted = typeof scope === 'string' ? scope.split(' ') : []
  return {
    subject: sub,
    scopes: new Set(granted.filter((each): each is Scope => SCOPES.includes(each as Scope))),
    expiresAt_ms: exp * 1_000,
    idsOf: (aggregate) => {
      const claim = claimOf(aggregate)
      if (claim === undefined) return undefined
      return Array.isArray(claim) ? claim.filter((each): each is string => typeof each === 'string') : []
    },
    isRestricted: aggregates.some((each) => claimOf(each) !== undefined),
  }
}
