import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import { TOKEN_TYPE } from './authenticator.js'

const ALGORITHM = 'EdDSA'
const PRIVATE = 'jwt.private.json'
const PUBLIC = 'jwks.json'

/** Where the local runtime's public key set lies, as `HEADWATER_JWKS_URL` takes it. */
export function localJwksUrl(folder: string): string {
  return pathToFileURL(join(folder, PUBLIC)).href
}

/** Makes the local signing key if there is none; the private part is readable by its owner only. */
export async function ensureLocalKey(folder: string): Promise<void> {
  if (await readKey(folder)) return
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true, crv: 'Ed25519' })
  const kid = crypto.randomUUID()
  const about = { kid, alg: ALGORITHM, use: 'sig' }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, PUBLIC), JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), ...about }] }))
  await writeFile(join(folder, PRIVATE), JSON.stringify({ ...(await exportJWK(privateKey)), ...about }), {
    mode: 0o600,
  })
}

async function readKey(folder: string): Promise<JWK | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, PRIVATE), 'utf8')) as JWK
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
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
