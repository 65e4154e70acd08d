import pg from 'pg'
import { withClient } from '#runtime'
import { temporaryPostgres } from '#testing'
import { type AppProcess, startApp } from '../support/app-process.js'
import { benchmark } from '../support/benchmark.js'
import { authEnv, startCommandApi } from '../support/command-api.js'
import { type BenchWriter, startWriter } from '../support/event-writer.js'
import { median, type Report, rounded, say } from '../support/report.js'
import { sendLines } from '../support/send-lines.js'
import { worker } from '../support/workers.js'
import { type Load, type Measured, measureRound, type Subject } from './rounds.js'
import { ACCOUNTS, accountName, bookName, BOOKS, openings } from './workload.js'

/** Of everything in turns, and of the hot book. */
const ROUNDS = [5, 4] as const
const SHORT_ROUNDS = [2, 1] as const

const books = Array.from({ length: BOOKS }, (_, ordinal) => bookName(ordinal))

/**
 * `bench command`: ledger transactions of three postings, one POST each, end to end. Rounds of ours, the ceiling and the
 * peer take turns, and medians are compared. `--ours` leaves out ceiling, peer and hot book, `--short` is fewer rounds.
 */
export const command = benchmark({ short: 'switch', ours: 'switch' }, async (told, stops) => {
  const [count, hotCount] = told.short ? SHORT_ROUNDS : ROUNDS
  const server = await temporaryPostgres()
  stops.push(() => server.drop())
  const writer = await startWriter(await server.createDatabase('ours'))
  stops.push(() => writer.stop())
  const api = await startCommandApi(writer)
  stops.push(() => api.stop())
  const load: Load = await worker('command/load.js', { token: writer.token })
  stops.push(() => load.stop())
  await sendLines(api.port, writer.token, openings(books))
  const pids = { api: [api.pid], writer: [writer.pid], postgres: [server.pid()] }
  const ours: Subject = { name: 'ours', ports: [api.port], books, pids }
  if (told.ours) return reportOf(await rounds(load, [ours], count), undefined)
  const ceiling = await startCeiling(writer)
  stops.push(() => ceiling.stop())
  const peerUrl = await server.createDatabase('peer')
  const peer = await startPeer(writer, peerUrl)
  stops.push(() => peer.stop())
  await openAccounts(peerUrl)
  const subjects = [
    ours,
    { name: 'ceiling', ports: [ceiling.port], books, pids: { api: [ceiling.pid] } },
    { name: 'typeorm', ports: [peer.port], books, pids: { api: [peer.pid], postgres: [server.pid()] } },
  ]
  const measured = await rounds(load, subjects, count)
  for (const stop of stops.splice(-2)) await stop()
  const second = await startCommandApi(writer, 2)
  stops.push(() => second.stop())
  const both = { ports: [api.port, second.port], pids: { ...pids, api: [api.pid, second.pid] } }
  const spread = { name: 'two instances', books, ...both }
  const hot = { name: 'hot book', books: books.slice(0, 1), ...both }
  return reportOf(measured, await rounds(load, [spread, hot], hotCount))
})

async function startCeiling(writer: BenchWriter): Promise<AppProcess> {
  return startApp('command-api', 'bench/command/ceiling.js', { ...authEnv(writer), HEADWATER_INSTANCE: 'ceiling' })
}

async function startPeer(writer: BenchWriter, url: string): Promise<AppProcess> {
  const env = { ...authEnv(writer), HEADWATER_INSTANCE: 'peer', PEER_URL: url }
  return startApp('command-api', 'bench/command/peer/main.js', env)
}

/** What ours has from its own commands. The peer has made the tables when it started. */
async function openAccounts(url: string): Promise<void> {
  const rows = books.flatMap((book) => Array.from({ length: ACCOUNTS }, (_, at) => [book, accountName(at)] as const))
  await withClient(new pg.Client({ connectionString: url }), async (client) => {
    await client.query(
      `insert into balance (book, account, commodity, amount)
       select book, account, 'EUR', 0 from unnest($1::text[], $2::text[]) as t(book, account)`,
      [rows.map(([book]) => book), rows.map(([, account]) => account)],
    )
    await client.query('analyze')
  })
}

/** Rounds in turns, after one of each that does not count. @returns by name of the subject. */
async function rounds(load: Load, subjects: readonly Subject[], count: number): Promise<Map<string, Measured[]>> {
  const measured = new Map(subjects.map(({ name }) => [name, [] as Measured[]]))
  for (const each of subjects) await measureRound(load, each)
  say('', 'commands/s', 'p50 ms', 'p99 ms', 'µs: api', 'writer', 'postgres', 'generator', 'retried')
  for (let round = 0; round < count; round += 1)
    for (const each of subjects) {
      const result = await measureRound(load, each)
      measured.get(each.name)?.push(result)
      const { per_s, p50_ms, p99_ms, api_us, writer_us, postgres_us, generator_us, retried } = result
      say(each.name, Math.round(per_s), p50_ms, p99_ms, api_us, writer_us, postgres_us, generator_us, retried)
    }
  return measured
}

type Rounds = ReadonlyMap<string, readonly Measured[]>

/** Of each pair of rounds that were measured one after the other, in the middle of them. */
function ratio(all: Rounds, of: string, to: string): number {
  const below = all.get(to) ?? []
  return rounded(median((all.get(of) ?? []).map(({ per_s }, at) => per_s / (below[at]?.per_s ?? NaN))))
}

function reportOf(all: Rounds, hot: Rounds | undefined): Report {
  const middle = (rows: Rounds, name: string, of: keyof Measured): number =>
    rounded(median((rows.get(name) ?? []).map((each) => each[of])))
  const ours = {
    per_s: middle(all, 'ours', 'per_s'),
    p50_ms: middle(all, 'ours', 'p50_ms'),
    p99_ms: middle(all, 'ours', 'p99_ms'),
    api_us: middle(all, 'ours', 'api_us'),
    writer_us: middle(all, 'ours', 'writer_us'),
    postgres_us: middle(all, 'ours', 'postgres_us'),
    generator_us: middle(all, 'ours', 'generator_us'),
  }
  if (!hot) return { ours, peers: {}, limit: {}, ratios: {} }
  const ratios = {
    ceiling: ratio(all, 'ours', 'ceiling'),
    typeorm: ratio(all, 'ours', 'typeorm'),
    hot_book: ratio(hot, 'hot book', 'two instances'),
  }
  for (const [name, value] of Object.entries(ratios)) say(`ratio: ${name}`, value)
  return {
    ours: {
      ...ours,
      per_s_two_instances: middle(hot, 'two instances', 'per_s'),
      per_s_hot_book: middle(hot, 'hot book', 'per_s'),
      p99_ms_hot_book: middle(hot, 'hot book', 'p99_ms'),
    },
    peers: { typeorm: middle(all, 'typeorm', 'per_s'), typeorm_p99_ms: middle(all, 'typeorm', 'p99_ms') },
    limit: { ceiling: middle(all, 'ceiling', 'per_s'), ceiling_p99_ms: middle(all, 'ceiling', 'p99_ms') },
    ratios,
  }
}
