import { ensureLocalKey, issueToken, localJwksUrl } from '#runtime'
import { temporaryFolder, temporaryPostgres, temporaryRedis } from '#testing'
import { type AppProcess, startApp } from '../support/app-process.js'
import { benchmark } from '../support/benchmark.js'
import { type Report, rounded, say } from '../support/report.js'
import { worker } from '../support/workers.js'
import { type Load, middle, ratio, rounds, type Rounds, type Subject } from './rounds.js'
import { startQueryApi } from './subject.js'
import { BALANCES, BALANCES_OF_BOOK, STATEMENTS } from './workload.js'

const ROUNDS = 5
const SHORT_ROUNDS = 2
const SATURATING = 64
const FEW = 8
const SMALL_LINES = 1_000
const LARGE_LINES = 1_000_000

/** Queries of the book whose size matters. */
const KINDS = { balance: BALANCES_OF_BOOK, statement: STATEMENTS } as const
type Kind = keyof typeof KINDS

/**
 * `bench query`: balances from the cache, of 10,000 accounts in many books, and pages of statements from a replica, one GET each. The
 * ceiling is the same application with a handler that answers a constant. Flat compares the median time with 1 million lines in one
 * book to that with 1 thousand, for either kind of query of that book, and is the worse of the two. The rows were made by SQL, as a log
 * would have led to them: writing is not measured here. `--ours` leaves out all but ours with 1 thousand lines, `--short` is two
 * rounds of each instead of five.
 */
export const query = benchmark({ short: 'switch', ours: 'switch' }, async (told, stops) => {
  const count = told.short ? SHORT_ROUNDS : ROUNDS
  const opened = <T>(thing: T, stop: (it: T) => Promise<void>): T => {
    stops.push(() => stop(thing))
    return thing
  }
  const { folder: keys } = opened(temporaryFolder('bench'), (it) => it.remove())
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
  const ours = subject('balance', small, BALANCES, SATURATING)
  const pages = subject('statement', small, STATEMENTS, SATURATING)
  if (told.ours) return reportOf(await rounds(load, [ours, pages], count), undefined)
  const env = { ...auth, HEADWATER_INSTANCE: 'ceiling' }
  const ceiling = opened(await startApp('query-api', 'bench/query/ceiling.js', env), (it) => it.stop())
  const measured = await rounds(load, [ours, subject('ceiling', ceiling, BALANCES, SATURATING), pages], count)
  const large = await start('large', 1, LARGE_LINES)
  const sizes = await rounds(
    load,
    Object.entries(KINDS).flatMap(([kind, paths]) => [
      subject(`${kind}, 1 thousand`, small, paths, FEW),
      subject(`${kind}, 1 million`, large, paths, FEW),
    ]),
    count,
  )
  return reportOf(measured, sizes)
})

function subject(name: string, { port, pid }: AppProcess, paths: readonly string[], connections: number): Subject {
  return { name, port, pid, paths, connections }
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
