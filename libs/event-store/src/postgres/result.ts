import { type AppendPlace, type AppendResult, DEFAULT_LIMITS, type Recalled } from '../port.js'
import { type Verdict } from './batch.js'
import { type Candidate } from './candidate.js'
import { type PostgresReader } from './reader.js'

/** Makes a verdict the answer of the port: reads what the writer need not know. */
export async function resultOf(verdict: Verdict, candidate: Candidate, reader: PostgresReader): Promise<AppendResult> {
  switch (verdict.kind) {
    case 'accepted':
      return { outcome: 'appended', ...verdict.place }
    case 'taken':
      return takenBy(await reader.commandAt(verdict.position), verdict.claim, candidate)
    case 'conflict':
      return conflict(reader, candidate, verdict)
  }
}

function takenBy(
  before: Recalled,
  claim: { readonly stream: string; readonly name: string } | undefined,
  { requestHash }: Candidate,
): AppendResult {
  const place = placeOf(before)
  if (claim) {
    const { stream, name } = claim
    return { outcome: 'claimed', claim: { stream, name }, requestHash: before.requestHash, place }
  }
  if (before.requestHash === requestHash) return { outcome: 'replayed', ...place }
  return { outcome: 'mismatch', position: before.position }
}

export function placeOf({ stream, revision, position }: AppendPlace): AppendPlace {
  return { stream, revision, position }
}

/** An expectation ahead of the stream has no tail; of one far behind it, not all of it is sent. */
async function conflict(
  reader: PostgresReader,
  { writes, checks }: Candidate,
  { stream, revision }: Verdict & { kind: 'conflict' },
): Promise<AppendResult> {
  const expected = [...writes, ...checks].find((each) => each.stream === stream)?.expected
  const from = typeof expected === 'bigint' || typeof expected === 'number' ? Number(expected) + 1 : 0
  const missing = revision + 1 - from
  const about = { outcome: 'conflict', stream, revision: BigInt(revision) } as const
  if (missing <= 0) return { ...about, tail: [] }
  if (missing > DEFAULT_LIMITS.conflict_tail_events) return { ...about, tail: undefined }
  const tail = []
  for await (const event of reader.readStream(stream, { from: BigInt(from), limit: missing })) tail.push(event)
  return { ...about, tail }
}
