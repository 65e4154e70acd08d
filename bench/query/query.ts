import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureLocalKey, issueToken, localJwksUrl } from '#runtime'
import { temporaryPostgres, temporaryRedis } from '#testing'
import { type AppProcess, startApp } from '../support/app-process.js'
import { type Report, rounded, say } from '../support/report.js'
import { worker } from '../support/workers.js'
import { type Load, middle, ratio, rounds, type Rounds, type Subject } from './rounds.js'
import { startQueryApi } from './subject.js'
import { type Kind } from './workload.js'

const ROUNDS = 5
const SATURATING = 64
const FEW = 8
const SMALL_LINES = 1_000
const LARGE_LINES = 1_000_000

/**
 * `bench query`: balances from the cache and pages of statements from a replica, one GET each. The ceiling is the same application
 * with a handler that answers a constant. Flat compares the median time with 1 million lines in the book to that with 1 thousand,
 * for either kind of query, and is the worse of the two. The rows were made by SQL, as a log would have led to them: writing is not
 * measured here. `--ours` leaves out all but ours with 1 thousand lines.
 */
export async function query(args: readonly string[]): Promise<Report> {
  const isShort = args.includes('--ours')
  const stops: (() => Promise<void>)[] = []
  const opened = <T>(thing: T, stop: (it: T) => Promise<void>): T => {
    stops.push(() => stop(thing))
    return thing
  }
  try {
    const keys = opened(await mkdtemp(join(tmpdir(), 'headwater-bench-')), (it) => rm(it, { recursive: true }))
    await ensureLocalKey(keys)
    const auth = { HEADWATER_DATA: '/nonexistent', HEADWATER_JWKS_URL: localJwksUrl(keys) }
    const token = await issueToken(keys, { role: 'reader', ttl_s: 86_400 })
    const primary = opened(await temporaryPostgres(), (it) => it.drop())
    const replica = opened(await primary.replica(), (it) => it.drop())
    const redis = opened(await temporaryRedis(), (it) => it.drop())
    const load: Load = opened(await worker('query/load.js', { token }), (it) => it.stop())
    const about = { primary, replica, auth }
    const start = async (name: string, database: number, lines: number): Promise<AppProcess> =>
      opened(await startQueryApi({ ...about, name, lines, redisUrl: `${redis.url}/${database}` }), (it) => it.stop())
    const small = await start('small', 0, SMALL_LINES)
    const ours = subject('balance', small, 'balance', SATURATING)
    const pages = subject('statement', small, 'statement', SATURATING)
    if (isShort) return reportOf(await rounds(load, [ours, pages], ROUNDS), undefined)
    const ceiling = opened(
      await startApp('query-api', 'bench/query/ceiling.js', { ...auth, HEADWATER_INSTANCE: 'ceiling' }),
      (it) => it.stop(),
    )
    const measured = await rounds(load, [ours, subject('ceiling', ceiling, 'balance', SATURATING), pages], ROUNDS)
    const large = await start('large', 1, LARGE_LINES)
    const sizes = await rounds(
      load,
      (['balance', 'statement'] as const).flatMap((kind) => [
        subject(`${kind}, 1 thousand`, small, kind, FEW),
        subject(`${kind}, 1 million`, large, kind, FEW),
      ]),
      ROUNDS,
    )
    return reportOf(measured, sizes)
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

function subject(name: string, { port, pid }: AppProcess, kind: Kind, connections: number): Subject {
  return { name, port, pid, kind, connections }
}

function reportOf(all: Rounds, sizes: Rounds | undefined): Report {
  const of = (name: string, figure: 'per_s' | 'p50_ms' | 'p99_ms' | 'api_us' | 'cached'): number =>
    rounded(middle(all, name, figure))
  const ours = {
    per_s: of('balance', 'per_s'),
    p50_ms: of('balance', 'p50_ms'),
    p99_ms: of('balance', 'p99_ms'),
    api_us: of('balance', 'api_us'),
    cached: of('balance', 'cached'),
    statement_per_s: of('statement', 'per_s'),
    statement_p99_ms: of('statement', 'p99_ms'),
  }
  if (!sizes) return { ours, peers: {}, limit: {}, ratios: {} }
  const flat = (kind: Kind): number => rounded(ratio(sizes, `${kind}, 1 million`, `${kind}, 1 thousand`, 'p50_ms'))
  const ratios = {
    ceiling: rounded(ratio(all, 'balance', 'ceiling', 'per_s')),
    flat: Math.max(flat('balance'), flat('statement')),
    flat_balance: flat('balance'),
    flat_statement: flat('statement'),
  }
  for (const [name, value] of Object.entries(ratios)) say(`ratio: ${name}`, value)
  return {
    ours,
    peers: {},
    limit: { ceiling: of('ceiling', 'per_s'), ceiling_p99_ms: of('ceiling', 'p99_ms') },
    ratios,
  }
}
