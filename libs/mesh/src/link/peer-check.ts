import { type TLSSocket } from 'node:tls'
import { type AllowList } from '../allow-list/allow-list.js'
import { type ListenOptions, type Peer } from '../contract.js'
import { spkiOf, validityOf } from '../identity/certificate.js'

/** TLS 1.3 only, no tickets: a resumed session proves possession of a ticket, not of a key (MESH, traps 2 to 4). */
export const TLS_OPTIONS = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ALPNProtocols: ['headwater/1'] } as const

export interface ProvenKey {
  readonly spki: string
  readonly validTo_ms: number
}

/** The key the other side has just proved to hold, or why there is none. Authorizes nothing. */
export function provenKey(socket: TLSSocket): ProvenKey | string {
  if (socket.isSessionReused()) return 'the session was resumed'
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) return 'no certificate came'
  const { from_ms, to_ms } = validityOf(certificate)
  const now_ms = Date.now()
  if (now_ms < from_ms || now_ms > to_ms) return 'the certificate is out of its dates'
  return { spki: spkiOf(certificate), validTo_ms: to_ms }
}

/**
 * The key the other side has proved to hold when the allow-list has it for any role that may come in here, or why it is sent away: before a byte of
 * it is read. Which role it is says the hello.
 */
export function acceptedKey(socket: TLSSocket, { accept, allowList }: ListenOptions): ProvenKey | string {
  const key = provenKey(socket)
  if (typeof key === 'string') return key
  if (accept.some((role) => allowList.find(key.spki, role))) return key
  return `key ${key.spki} is not allowed here as ${accept.map((role) => `"${role}"`).join(' or ')}`
}

/** Closes the socket as soon as the allow-list no longer has the key in this role, or its certificate ends. */
export function closeWhenRevoked(socket: TLSSocket, list: AllowList, peer: Peer, validTo_ms: number): void {
  const check = (): void => {
    if (!list.isAllowed(peer.spki, peer.role) || Date.now() > validTo_ms) socket.destroy()
  }
  const stop = list.onChange(check)
  const timer = setInterval(check, 1_000).unref()
  socket.once('close', () => {
    stop()
    clearInterval(timer)
  })
}
