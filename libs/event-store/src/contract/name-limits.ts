import { type AppendRequest, type StreamCheck, type StreamClaim } from '../port.js'
import { mustAppend, newRequest, newStream, type Store } from './requests.js'

const claimsOf = (stream: string, count: number): StreamClaim[] =>
  Array.from({ length: count }, (_, at) => ({ stream, name: `name-${at}` }))

/** Streams that must be empty, and get no event. */
const checksOf = (count: number): StreamCheck[] =>
  Array.from({ length: count }, () => ({ stream: newStream(), expected: 'none' }))

/** @param multiStreamAppends whether the store can check other streams at all. */
export function describeNameLimits(store: Store, multiStreamAppends: boolean): void {
  const refused = async (request: AppendRequest, limit: 'claims_per_append' | 'checks_per_append'): Promise<void> => {
    const allowed = store().limits[limit]
    const beyond = { name: 'StoreLimitExceeded', limit, actual: allowed + 1, allowed, retryable: false }
    const before = await store().head()
    await expect(store().append(request)).rejects.toMatchObject(beyond)
    expect(await store().head()).toBe(before)
  }

  test('so many claims are taken, and one more is refused whole', async () => {
    const stream = newStream()
    const claims = claimsOf(stream, store().limits.claims_per_append)
    const last = { stream, name: 'one more' }
    await refused(newRequest(stream, { claims: [...claims, last] }), 'claims_per_append')
    await mustAppend(store(), newRequest(stream, { claims }))
    for (const claim of claims.slice(-1)) expect(await store().findClaim(claim)).toMatchObject({ stream })
    expect(await store().findClaim(last)).toBeUndefined()
  })

  if (!multiStreamAppends) return

  test('so many streams are checked, and one more is refused whole; a write without events is a check', async () => {
    const stream = newStream()
    const checks = checksOf(store().limits.checks_per_append)
    const last = checksOf(1)
    await refused(newRequest(stream, { checks: [...checks, ...last] }), 'checks_per_append')
    const { writes, ...request } = newRequest(stream)
    const idle = checks.map((each) => ({ ...each, events: [] }))
    await refused({ ...request, writes: [...writes, ...idle], checks: last }, 'checks_per_append')
    await mustAppend(store(), newRequest(stream, { checks }))
  })
}
