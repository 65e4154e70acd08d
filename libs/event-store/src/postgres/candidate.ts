import { type AppendRequest, type Expected } from '../port.js'
import { claimHash, commandHash } from './names/name-hash.js'

/** An event on its way to the log, its JSON as text: whoever decided it has paid for that, the writer does not. */
export interface PlannedEvent {
  readonly id: string
  readonly type: string
  readonly version: number
  readonly data: string
  readonly metadata: string
}

export interface PlannedWrite {
  readonly stream: string
  readonly expected: Expected | number
  readonly tip: string | undefined
  readonly events: readonly PlannedEvent[]
}

export interface PlannedClaim {
  readonly hash: Buffer
  readonly stream: string
  readonly name: string
}

/** An append waiting for its turn, with everything that can be computed before. */
export interface Candidate {
  readonly stream: string
  readonly key: string
  readonly keyHash: Buffer
  readonly requestHash: string
  readonly writes: readonly PlannedWrite[]
  readonly claims: readonly PlannedClaim[]
  readonly checks: readonly { readonly stream: string; readonly expected: Expected | number }[]
  /** Goes behind what people wait for. */
  readonly isBulk: boolean
}

export function candidate(request: AppendRequest): Candidate {
  const { commandId, requestHash, writes, claims = [], checks = [], priority } = request
  return {
    stream: commandId.stream,
    key: commandId.key,
    keyHash: commandHash(commandId),
    requestHash,
    writes: writes.map(({ stream, expected, tip, events }) => ({
      stream,
      expected,
      tip,
      events: events.map(({ id, type, version, data, metadata }) => ({
        id,
        type,
        version,
        data: JSON.stringify(data),
        metadata: JSON.stringify(metadata),
      })),
    })),
    claims: claims.map((claim) => ({ hash: claimHash(claim), ...claim })),
    checks,
    isBulk: priority === 'bulk',
  }
}

/** Events of an append and the bytes of their JSON, roughly. */
export function sizeOf({ writes }: Candidate): { readonly events: number; readonly bytes: number } {
  let count = 0
  let bytes = 0
  for (const { events } of writes) {
    count += events.length
    for (const { data, metadata } of events) bytes += data.length + metadata.length + 150
  }
  return { events: count, bytes }
}
