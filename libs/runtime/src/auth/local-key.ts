import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { exportJWK, generateKeyPair, importJWK, type JSONWebKeySet, type JWK, SignJWT } from 'jose'
import { createFileAtomically, writeFileAtomically } from '../files/atomic-file.js'
import { readJsonFile } from '../files/json-file.js'
import { TOKEN_TYPE } from './authenticator.js'

const ALGORITHM = 'EdDSA'
const PRIVATE = 'jwt.private.json'
const PUBLIC = 'jwks.json'

/** Where the local runtime's public key set lies, as `HEADWATER_JWKS_URL` takes it. */
export function localJwksUrl(folder: string): string {
  return pathToFileURL(join(folder, PUBLIC)).href
}

/**
 * Makes the local signing key if there is none; the private part is readable by its owner only. All who do so at the same time get the same.
 *
 * @throws Error naming the file when the key cannot be read or written.
 */
export async function ensureLocalKey(folder: string): Promise<void> {
  const { kty, crv, x, kid, alg, use } = (await readKey(folder)) ?? (await makeKey(folder))
  const file = join(folder, PUBLIC)
  const told = (await readJsonFile(file).catch(() => undefined)) as JSONWebKeySet | undefined
  // An earlier start may have come no further than the private part.
  if (told?.keys.some((each) => each.kid === kid)) return
  await writeFileAtomically(file, JSON.stringify({ keys: [{ kty, crv, x, kid, alg, use }] }), 0o644)
}

async function makeKey(folder: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true, crv: 'Ed25519' })
  const key = { ...(await exportJWK(privateKey)), kid: crypto.randomUUID(), alg: ALGORITHM, use: 'sig' }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const isMine = await createFileAtomically(join(folder, PRIVATE), JSON.stringify(key), 0o600)
  return (isMine ? undefined : await readKey(folder)) ?? key
}

async function readKey(folder: string): Promise<JWK | undefined> {
  return (await readJsonFile(join(folder, PRIVATE))) as JWK | undefined
}

export const ROLE_SCOPES = { reader: 'read', writer: 'read write', operator: 'read write operate' } as const
export type TokenRole = keyof typeof ROLE_SCOPES

export interface TokenRequest {
  readonly role: TokenRole
  /** Claims such as `{ books: ['main'] }`. */
  readonly restrict?: Readonly<Record<string, readonly string[]>>
  readonly ttl_s: number
  readonly issuer?: string
  readonly audience?: string
}

/** @throws Error when the folder holds no local key: it says how to get one. */
export async function issueToken(folder: string, request: TokenRequest): Promise<string> {
  const jwk = await readKey(folder)
  if (!jwk) throw new Error(`no signing key in ${folder}: start Headwater once with this HEADWATER_DATA (npm start)`)
  const { role, restrict = {}, ttl_s, issuer = 'headwater', audience = 'headwater' } = request
  const now_s = Math.floor(Date.now() / 1_000)
  return new SignJWT({ scope: ROLE_SCOPES[role], ...restrict })
    .setProtectedHeader({ alg: ALGORITHM, typ: TOKEN_TYPE, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) })
    .setSubject(`local-${role}`)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(now_s)
    .setExpirationTime(now_s + ttl_s)
    .sign(await importJWK(jwk, ALGORITHM))
}
