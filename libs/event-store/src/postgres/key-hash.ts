import { createHash } from 'node:crypto'
import { type CommandId, type StreamClaim } from '../port.js'

function hash(kind: string, stream: string, name: string): string {
  const hex = createHash('sha256').update(`${kind}\0${stream}\0${name}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** As a UUID, because that is what Postgres indexes best at 16 bytes; 2^64 keys before a collision is likely. */
export const commandHash = ({ stream, key }: CommandId): string => hash('command', stream, key)
export const claimHash = ({ stream, name }: StreamClaim): string => hash('claim', stream, name)
