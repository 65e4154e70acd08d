import { setTimeout as sleep } from 'node:timers/promises'
import { startSystem } from '#testing'
import { benchmark } from '../support/benchmark.js'
import { bookPath, openings } from '../support/books.js'
import { type CommandsTask } from '../support/post-commands.js'
import { Latencies } from '../support/latencies.js'
import { rounded, say } from '../support/report.js'
import { sendLines } from '../support/send-lines.js'
import { type Watch } from '../support/sockets.js'
import { type Worker, worker } from '../support/workers.js'
import { Crowd, SETTLE_MS } from '../live/crowd.js'
import { type Seen } from './commands-and-reads.js'

const BOOKS = 200
const RATES = [100, 1_000]
const WARM_UP_MS = 10_000
const WATCHERS = 'watchers'

type Source = Worker<CommandsTask, Seen>

/**
 * `bench visible`: how long after its acknowledgement a command is seen, on a read of the replica that asks for its position
 * and on a socket that watches its book, at 100 and at 1,000 commands/s. `--seconds S` a rate (default 20), `--short` is 5.
 */
export const visible = benchmark({ seconds: 'number', short: 'switch' }, async (told, stops) => {
  const run_ms = (told.seconds ?? (told.short ? 5 : 20)) * 1_000
  const system = await startSystem('bench')
  stops.push(() => system.stop())
  const { ports, token } = system
  await sendLines(ports.commands, token, openings(BOOKS))
  const argument = { port: ports.commands, queries: ports.queries, token }
  const source: Source = await worker('visible/commands-and-reads.js', argument)
  stops.push(() => source.stop())
  const crowd = await Crowd.start()
  stops.push(() => crowd.stop())
  const watch = (book: number): Watch => ({ book, payload: { resource: bookPath(book) } })
  const where = { group: WATCHERS, port: ports.queries, namespace: '/live,', auth: { token }, event: 'subscribe' }
  await crowd.open({ ...where, watch }, BOOKS)
  const figures: Record<string, number> = {}
  say('', 'p50 ms', 'p99 ms', 'seen')
  for (const per_s of RATES) {
    // Until what runs at this rate has been compiled, and what was opened has been folded.
    await source.run({ per_s, run_ms: WARM_UP_MS, books: BOOKS })
    await sleep(SETTLE_MS)
    Object.assign(figures, await measureRate(source, crowd, { per_s, run_ms, books: BOOKS }))
  }
  return { ours: figures, peers: {}, limit: {}, ratios: {} }
})

/** @throws Error when a command was not seen by the socket that watches its book. */
async function measureRate(source: Source, crowd: Crowd, task: CommandsTask): Promise<Record<string, number>> {
  const { per_s } = task
  const sent = await source.run(task)
  const told = await crowd.collect(WATCHERS, sent)
  const count = sent.positions.length
  say(`commands/s of ${per_s}`, sent.reached_per_s)
  return {
    [`reached_per_s_${per_s}`]: rounded(sent.reached_per_s),
    [`sent_${per_s}`]: count,
    [`seen_${per_s}`]: told.sinceAcked_ms.length,
    ...figuresOf('replica', per_s, sent.latencies_ms),
    ...figuresOf('socket', per_s, told.sinceAcked_ms),
  }
}

function figuresOf(name: string, per_s: number, latencies_ms: readonly number[]): Record<string, number> {
  const [p50_ms = NaN, p99_ms = NaN] = [0.5, 0.99].map((share) => Latencies.percentile(latencies_ms, share))
  say(`${name}, ${per_s} commands/s`, p50_ms, p99_ms, latencies_ms.length)
  return { [`${name}_p50_ms_${per_s}`]: rounded(p50_ms), [`${name}_p99_ms_${per_s}`]: rounded(p99_ms) }
}
