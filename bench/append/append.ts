import { type TemporaryPostgres, temporaryPostgres } from '#testing'
import { benchmark } from '../support/benchmark.js'
import { type BenchWriter, startWriter } from '../support/event-writer.js'
import { Latencies } from '../support/latencies.js'
import { processorOf } from '../support/processor.js'
import { median, rounded, say } from '../support/report.js'
import { type Worker, worker } from '../support/workers.js'
import { type AppendResult, type AppendTask } from './client.js'
import { COPIED, CopyLimit, logHead } from './copy-limit.js'
import { emmettAppends, insertAppends } from './peers.js'

const IN_FLIGHT = [1, 16, 64, 256, 1_024]
const RUN_MS = 5_000
const WARM_UP_MS = 2_000
/** Ours and the limit take turns, and the medians count: machines are noisy. */
const ROUNDS = 5
/** From here on the rate is compared with the rate at the beginning. */
const MANY_EVENTS = 5_000_000
const AGE_ROUNDS = 3

/** What is measured: clients in other processes, an event-writer, a server. */
interface Bench {
  readonly server: TemporaryPostgres
  readonly url: string
  readonly writer: BenchWriter
  readonly clients: readonly Worker<AppendTask, AppendResult>[]
}

async function measure({ clients }: Bench, inFlight: number, run_ms = RUN_MS): Promise<AppendResult> {
  const some = clients.slice(0, Math.min(clients.length, inFlight))
  const task = { inFlight: inFlight / some.length, warmUp_ms: WARM_UP_MS, run_ms }
  const results = await Promise.all(some.map((each) => each.run(task)))
  return {
    appends: results.reduce((sum, { appends }) => sum + appends, 0),
    warmUps: results.reduce((sum, { warmUps }) => sum + warmUps, 0),
    run_ms: Math.max(...results.map((each) => each.run_ms)),
    latencies_ms: results.flatMap(({ latencies_ms }) => latencies_ms),
  }
}

const rate = ({ appends, run_ms }: AppendResult): number => (appends * 1_000) / run_ms

/**
 * `bench append`: clients in other processes over real links, one event per append, durable, idempotent.
 * `--short` leaves out the 5 million events, `--ours` the peers.
 */
export const append = benchmark({ short: 'switch', ours: 'switch' }, async (told, stops) => {
  const server = await temporaryPostgres()
  stops.push(() => server.drop())
  const url = await server.createDatabase('ours')
  const { ours, copy } = await withWriter(server, url, measureOurs)
  const peers = told.ours ? {} : await measurePeers(server)
  const best = ours['per_s_1024'] ?? NaN
  const ratios: Record<string, number> = { copy: rounded(best / copy) }
  for (const [name, value] of Object.entries(peers)) ratios[name] = rounded(best / value)
  if (!told.short) ratios['at_5m'] = rounded(await slowdown(server, url))
  for (const [name, value] of Object.entries(ratios)) say(`ratio to ${name}`, value)
  return { ours, peers, limit: { copy }, ratios }
})

/** Ours, and the limit that it takes turns with. */
async function measureOurs(bench: Bench): Promise<{ readonly ours: Record<string, number>; readonly copy: number }> {
  const ours = await byInFlight(bench)
  await processor(bench, ours)
  await fill(bench, COPIED)
  const limit = await CopyLimit.of(bench.server, bench.url)
  const copies: number[] = []
  const rates = [ours['per_s_1024'] ?? NaN]
  for (let round = 0; round < ROUNDS; round += 1) {
    copies.push(await limit.measure())
    rates.push(rate(await measure(bench, 1_024)))
  }
  ours['per_s_1024'] = rounded(median(rates))
  const copy = rounded(median(copies))
  say('1024, median of rounds', ours['per_s_1024'])
  say('COPY of the same rows (limit)', copy)
  return { ours, copy }
}

/** Starts a writer of the log and its clients, and stops them. */
async function withWriter<T>(server: TemporaryPostgres, url: string, run: (bench: Bench) => Promise<T>): Promise<T> {
  const writer = await startWriter(url)
  const clients: Worker<AppendTask, AppendResult>[] = []
  try {
    for (let count = 0; count < 2; count += 1) clients.push(await worker('append/client.js', writer.access))
    return await run({ server, url, writer, clients })
  } finally {
    for (const each of clients) await each.stop()
    await writer.stop()
  }
}

async function byInFlight(bench: Bench): Promise<Record<string, number>> {
  const ours: Record<string, number> = {}
  say('in flight', 'appends/s', 'p50 ms', 'p99 ms', 'p99.9 ms')
  for (const inFlight of IN_FLIGHT) {
    const result = await measure(bench, inFlight)
    const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => Latencies.percentile(result.latencies_ms, share))
    ours[`per_s_${inFlight}`] = rounded(rate(result))
    ours[`p50_ms_${inFlight}`] = rounded(p50 ?? NaN)
    ours[`p99_ms_${inFlight}`] = rounded(p99 ?? NaN)
    ours[`p999_ms_${inFlight}`] = rounded(p999 ?? NaN)
    say(String(inFlight), Math.round(rate(result)), p50 ?? NaN, p99 ?? NaN, p999 ?? NaN)
  }
  return ours
}

/** Who uses how much of the processor for one append, with 1,024 in flight. */
async function processor(bench: Bench, ours: Record<string, number>): Promise<void> {
  const used = (): Readonly<Record<string, number>> => ({
    writer: processorOf(bench.writer.pid),
    postgres: processorOf(bench.server.pid()),
    clients: bench.clients.reduce((sum, { pid }) => sum + processorOf(pid), 0),
  })
  const before = used()
  const { appends, warmUps } = await measure(bench, 1_024)
  for (const [name, after] of Object.entries(used())) {
    const cost_us = rounded((after - (before[name] ?? 0)) / (appends + warmUps))
    ours[`processor_us_${name}`] = cost_us
    say(`processor an append, ${name}`, `${cost_us} us`)
  }
}

async function measurePeers(server: TemporaryPostgres): Promise<Record<string, number>> {
  const emmett = await emmettAppends(await server.createDatabase('emmett'))
  const insert = await insertAppends(await server.createDatabase('inserts'))
  say('Emmett, Postgres store', `${emmett}/s`)
  say('one INSERT per commit', `${insert}/s`)
  return { emmett, insert }
}

/** Appends until the log has so many events. */
async function fill(bench: Bench, events: number): Promise<void> {
  while (Number(await logHead(bench.url)) < events) await measure(bench, 1_024, 20_000)
}

/**
 * Rate at 5 million events divided by that of a log of some hundred thousand, in turns. Either is that of a writer and of clients
 * that have just been started: what they gain or lose with the time that they run is none of the log's.
 */
async function slowdown(server: TemporaryPostgres, url: string): Promise<number> {
  const fresh = async (log: string): Promise<number> =>
    withWriter(server, log, async (bench) => rate(await measure(bench, 1_024)))
  await withWriter(server, url, (bench) => fill(bench, MANY_EVENTS))
  const old: number[] = []
  const young: number[] = []
  for (let round = 0; round < AGE_ROUNDS; round += 1) {
    young.push(await fresh(await server.createDatabase(`young_${round}`)))
    old.push(await fresh(url))
  }
  say('at some hundred thousand', Math.round(median(young)))
  say(`at ${Math.round(Number(await logHead(url)) / 1_000)} thousand`, Math.round(median(old)))
  return median(old) / median(young)
}
