import { temporaryPostgres } from '#testing'
import { startWriter } from '../support/event-writer.js'
import { Latencies } from '../support/latencies.js'
import { type Report, rounded, say } from '../support/report.js'
import { type Worker, worker } from '../support/workers.js'
import { type AppendResult, type AppendTask } from './client.js'
import { copyLimit, emmettAppends, insertAppends } from './peers.js'

const IN_FLIGHT = [1, 16, 64, 256, 1_024]
const RUN_MS = 5_000
const WARM_UP_MS = 2_000
/** From here on the rate is compared with the rate at the beginning. */
const MANY_EVENTS = 5_000_000

type Client = Worker<AppendTask, AppendResult>

async function measure(clients: readonly Client[], inFlight: number, run_ms = RUN_MS): Promise<AppendResult> {
  const some = clients.slice(0, Math.min(clients.length, inFlight))
  const task = { inFlight: inFlight / some.length, warmUp_ms: WARM_UP_MS, run_ms }
  const results = await Promise.all(some.map((each) => each.run(task)))
  return {
    appends: results.reduce((sum, { appends }) => sum + appends, 0),
    run_ms: Math.max(...results.map((each) => each.run_ms)),
    latencies_ms: results.flatMap(({ latencies_ms }) => latencies_ms),
  }
}

const rate = ({ appends, run_ms }: AppendResult): number => (appends * 1_000) / run_ms

/**
 * `bench append`: clients in other processes over real links, one event per append, durable, idempotent.
 * `--short` leaves out the 5 million events, `--ours` the peers.
 */
export async function append(args: readonly string[]): Promise<Report> {
  const isShort = args.includes('--short')
  const server = await temporaryPostgres()
  try {
    if (args.includes('--ours')) {
      const ours = await appends(await server.createDatabase('ours'), isShort)
      return { ours, peers: {}, limit: {}, ratios: {} }
    }
    const peers = {
      emmett: await emmettAppends(await server.createDatabase('emmett')),
      insert: await insertAppends(await server.createDatabase('inserts')),
    }
    const limit = { copy: await copyLimit(await server.createDatabase('copies')) }
    const ours = await appends(await server.createDatabase('ours'), isShort)
    const best = ours['per_s_1024'] ?? NaN
    const ratios: Record<string, number> = {
      emmett: rounded(best / peers.emmett),
      insert: rounded(best / peers.insert),
      copy: rounded(best / limit.copy),
      ...(ours['at_5m'] === undefined ? {} : { at_5m: ours['at_5m'] }),
    }
    say('Emmett, Postgres store', `${peers.emmett}/s`)
    say('one INSERT per commit', `${peers.insert}/s`)
    say('COPY of the same rows (limit)', `${limit.copy}/s`)
    for (const [name, value] of Object.entries(ratios)) say(`ratio to ${name}`, value)
    return { ours, peers, limit, ratios }
  } finally {
    await server.drop()
  }
}

async function appends(url: string, isShort: boolean): Promise<Record<string, number>> {
  const writer = await startWriter(url)
  const clients: Client[] = []
  const ours: Record<string, number> = {}
  try {
    for (let count = 0; count < 2; count += 1) clients.push(await worker('append/client.js', writer.access))
    say('in flight', 'appends/s', 'p50 ms', 'p99 ms', 'p99.9 ms')
    let done = 0
    for (const inFlight of IN_FLIGHT) {
      const result = await measure(clients, inFlight)
      done += result.appends
      const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => Latencies.percentile(result.latencies_ms, share))
      ours[`per_s_${inFlight}`] = rounded(rate(result))
      ours[`p50_ms_${inFlight}`] = rounded(p50 ?? NaN)
      ours[`p99_ms_${inFlight}`] = rounded(p99 ?? NaN)
      ours[`p999_ms_${inFlight}`] = rounded(p999 ?? NaN)
      say(String(inFlight), Math.round(rate(result)), p50 ?? NaN, p99 ?? NaN, p999 ?? NaN)
    }
    if (!isShort) ours['at_5m'] = rounded(await slowdown(clients, done))
  } finally {
    for (const each of clients) await each.stop()
    await writer.stop()
  }
  return ours
}

/** Rate at 5 million events divided by the rate now, at some hundred thousand. */
async function slowdown(clients: readonly Client[], before: number): Promise<number> {
  const first = await measure(clients, 1_024, RUN_MS * 2)
  let done = before + first.appends
  say(`at ${Math.round(before / 1_000)} thousand`, Math.round(rate(first)))
  while (done < MANY_EVENTS) done += (await measure(clients, 1_024, 20_000)).appends
  const last = await measure(clients, 1_024, RUN_MS * 2)
  say(`at ${Math.round(done / 1_000)} thousand`, Math.round(rate(last)))
  return rate(last) / rate(first)
}
