import { type AppendPlace, type AppendRequest, type AppendResult, type Recalled } from '../port.js'
import { type Verdict } from './batch.js'

/** The usual end, for which nothing must be read. */
export function accepted(
  { revision, position, isContended }: Verdict & { kind: 'accepted' },
  { commandId }: AppendRequest,
): AppendResult {
  const place = { stream: commandId.stream, revision: BigInt(revision), position: BigInt(position) }
  return { outcome: 'appended', ...place, ...(isContended ? { isContended } : {}) }
}

/** @param index of the claim, -1 for the key. */
export function takenBy(before: Recalled, index: number, { requestHash, claims = [] }: AppendRequest): AppendResult {
  const place = placeOf(before)
  const claim = claims[index]
  if (claim) return { outcome: 'claimed', claim, requestHash: before.requestHash, place }
  if (before.requestHash === requestHash) return { outcome: 'replayed', ...place }
  return { outcome: 'mismatch', position: before.position }
}

export function placeOf({ stream, revision, position }: AppendPlace): AppendPlace {
  return { stream, revision, position }
}
