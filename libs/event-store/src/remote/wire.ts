import { type Verdict } from '../postgres/batch.js'
import { type Candidate, type PlannedEvent } from '../postgres/candidate.js'

/**
 * How an append crosses the link: arrays in a fixed order, since names of fields would be half of the bytes. What raises
 * the meaning of a place here raises the link's protocol version.
 */
type WireExpected = number | string
type WireEvent = readonly [id: string, type: string, version: number, data: string, metadata: string]
type WireWrite = readonly [stream: string, expected: WireExpected, tip: string | null, events: readonly WireEvent[]]
export type WireAppend = readonly [
  stream: string,
  key: string,
  keyHash: Buffer,
  requestHash: string,
  isBulk: boolean,
  writes: readonly WireWrite[],
  claims: readonly (readonly [hash: Buffer, stream: string, name: string])[],
  checks: readonly (readonly [stream: string, expected: WireExpected])[],
]
export type WireVerdict =
  | readonly [kind: 0, stream: string, revision: number, position: number]
  | readonly [kind: 1, position: number, claim: number]
  | readonly [kind: 2, stream: string, revision: number]

const expectedOut = (expected: bigint | number | string): WireExpected =>
  typeof expected === 'bigint' ? Number(expected) : expected

type Expected = Candidate['writes'][number]['expected']

export function encodeAppend(planned: Candidate): WireAppend {
  const { stream, key, keyHash, requestHash, isBulk, writes, claims, checks } = planned
  return [
    stream,
    key,
    keyHash,
    requestHash,
    isBulk,
    writes.map((write) => [
      write.stream,
      expectedOut(write.expected),
      write.tip ?? null,
      write.events.map(({ id, type, version, data, metadata }) => [id, type, version, data, metadata] as const),
    ]),
    claims.map(({ hash, stream: at, name }) => [hash, at, name]),
    checks.map(({ stream: at, expected }) => [at, expectedOut(expected)]),
  ]
}

export function decodeAppend([
  stream,
  key,
  keyHash,
  requestHash,
  isBulk,
  writes,
  claims,
  checks,
]: WireAppend): Candidate {
  return {
    stream,
    key,
    keyHash,
    requestHash,
    isBulk,
    writes: writes.map(([at, expected, tip, events]) => ({
      stream: at,
      expected: expected as Expected,
      tip: tip ?? undefined,
      events: events.map(eventOf),
    })),
    claims: claims.map(([hash, at, name]) => ({ hash, stream: at, name })),
    checks: checks.map(([at, expected]) => ({ stream: at, expected: expected as Expected })),
  }
}

const eventOf = ([id, type, version, data, metadata]: WireEvent): PlannedEvent => ({
  id,
  type,
  version,
  data,
  metadata,
})

export function encodeVerdict(verdict: Verdict, { claims }: Candidate): WireVerdict {
  switch (verdict.kind) {
    case 'accepted': {
      const { stream, revision, position } = verdict.place
      return [0, stream, Number(revision), Number(position)]
    }
    case 'taken':
      return [1, verdict.position, verdict.claim ? claims.indexOf(verdict.claim) : -1]
    case 'conflict':
      return [2, verdict.stream, verdict.revision]
  }
}

export function decodeVerdict(wire: WireVerdict, { claims }: Candidate): Verdict {
  switch (wire[0]) {
    case 0: {
      const [, stream, revision, position] = wire
      return { kind: 'accepted', place: { stream, revision: BigInt(revision), position: BigInt(position) } }
    }
    case 1:
      return { kind: 'taken', position: wire[1], claim: claims[wire[2]] }
    case 2:
      return { kind: 'conflict', stream: wire[1], revision: wire[2] }
  }
}
