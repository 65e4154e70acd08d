import { hash } from 'node:crypto'
import { type CommandId, type StreamClaim } from '../port.js'

/** Bytes of a name's hash: the first half of a SHA-256. 2^64 names before a collision is likely. */
export const HASH_BYTES = 16

/** A SHA-256 as text of a character a byte: memory of its own for each digest would cost more than the digest. */
function digestOf(kind: string, stream: string, name: string): string {
  return hash('sha256', `${kind}\0${stream}\0${name}`, 'binary')
}

/** Of what can be taken once in the life of a log: a command's key, a claim, and a stream's first event. The hash is its beginning. */
export const commandDigest = ({ stream, key }: CommandId): string => digestOf('command', stream, key)
export const claimDigest = ({ stream, name }: StreamClaim): string => digestOf('claim', stream, name)
const streamDigest = (stream: string): string => digestOf('stream', stream, '')

const hashOf = (digest: string): Buffer => Buffer.from(digest.slice(0, HASH_BYTES), 'latin1')
export const commandHash = (id: CommandId): Buffer => hashOf(commandDigest(id))
export const claimHash = (claim: StreamClaim): Buffer => hashOf(claimDigest(claim))
export const streamHash = (stream: string): Buffer => hashOf(streamDigest(stream))
