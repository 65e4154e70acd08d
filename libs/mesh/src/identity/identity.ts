import { issueCertificate } from './certificate.js'

/** An app's name: `event-writer`, `command-api`, … */
export type Role = string

/** What an instance is on the mesh: a key pair, and a certificate that carries the public key to a peer. */
export interface Identity {
  readonly role: Role
  readonly instance: string
  /** PKCS #8. Never leaves the instance. */
  readonly keyPem: string
  readonly certPem: string
  /** Base64 of SHA-256 of the SubjectPublicKeyInfo: what the allow-list names. */
  readonly spki: string
  /** When the certificate ends, as `Date.now()` counts. */
  readonly validTo_ms: number
}

export interface IdentityOptions {
  readonly role: Role
  readonly instance: string
  /**
   * Default 90 days, until keys are rotated under way: a key is revoked by the allow-list at once, its certificate's
   * dates are the second line. A link ends when the certificate of its peer does.
   */
  readonly validity_ms?: number
}

const DAY_MS = 86_400_000
/** Certificates start a little in the past: peers' clocks may be behind. */
const CLOCK_SKEW_MS = 300_000
const ROLE = /^[a-z][a-z0-9-]{0,62}$/
const INSTANCE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** @throws RangeError when one of the names could not stand in a certificate, a log line or a file name. */
export function checkNames(role: Role, instance: string): void {
  if (!ROLE.test(role)) throw new RangeError('a role is 1-63 of [a-z0-9-], first a letter')
  if (!INSTANCE.test(instance)) throw new RangeError('an instance is 1-63 of [A-Za-z0-9._-], first a letter or digit')
}

/**
 * A new EC P-256 key pair with a self-signed certificate. Nobody trusts the signature: peers pin the key.
 *
 * @throws RangeError when the role, the instance or the validity is out of range.
 */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const { role, instance, validity_ms = 90 * DAY_MS } = options
  checkNames(role, instance)
  if (!Number.isFinite(validity_ms) || validity_ms <= 0) throw new RangeError('validity_ms must be above 0')
  const now_ms = Date.now()
  const issued = await issueCertificate({
    role,
    instance,
    from: new Date(now_ms - CLOCK_SKEW_MS),
    // Certificates count whole seconds; never end before what was asked for.
    to: new Date(Math.ceil((now_ms + validity_ms) / 1_000) * 1_000),
  })
  return { role, instance, ...issued }
}
