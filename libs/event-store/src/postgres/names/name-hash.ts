import { hash } from 'node:crypto'
import { type CommandId, type StreamClaim } from '../../port.js'

/** Bytes of a name's hash: the first half of a SHA-256. 2^64 names before a collision is likely. */
export const HASH_BYTES = 16

function hashOf(kind: string, stream: string, name: string): Buffer {
  // As text first: memory of its own for each digest costs more than the digest.
  return Buffer.from(hash('sha256', `${kind}\0${stream}\0${name}`, 'hex').slice(0, HASH_BYTES * 2), 'hex')
}

/** What can be taken once in the life of a log: a command's key, a claim, and a stream's first event. */
export const commandHash = ({ stream, key }: CommandId): Buffer => hashOf('command', stream, key)
export const claimHash = ({ stream, name }: StreamClaim): Buffer => hashOf('claim', stream, name)
export const streamHash = (stream: string): Buffer => hashOf('stream', stream, '')
