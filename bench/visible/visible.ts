import { setTimeout as sleep } from 'node:timers/promises'
import { startSystem } from '#testing'
import { bookPath, openings } from '../support/books.js'
import { type CommandsTask } from '../support/post-commands.js'
import { Latencies } from '../support/latencies.js'
import { numberOption } from '../support/options.js'
import { type Report, rounded, say } from '../support/report.js'
import { sendLines } from '../support/send-lines.js'
import { type Worker, worker } from '../support/workers.js'
import { Crowd, SETTLE_MS } from '../live/crowd.js'
import { type Seen } from './commands-and-reads.js'

const BOOKS = 200
const RATES = [100, 1_000]
const WARM_UP_MS = 10_000

/**
 * `bench visible`: how long after its acknowledgement a command is seen, on a read of the replica that asks for its position
 * and on a socket that watches its book, at 100 and at 1,000 commands/s. `--seconds S` a rate (default 20), `--short` is 5.
 */
export async function visible(args: readonly string[]): Promise<Report> {
  const run_ms = numberOption(args, '--seconds', args.includes('--short') ? 5 : 20) * 1_000
  const stops: (() => Promise<void>)[] = []
  try {
    const system = await startSystem('bench')
    stops.push(() => system.stop())
    const { ports, token } = system
    await sendLines(ports.commands, token, openings(BOOKS))
    const source: Worker<CommandsTask, Seen> = await worker('visible/commands-and-reads.js', {
      port: ports.commands,
      queries: ports.queries,
      token,
    })
    stops.push(() => source.stop())
    const crowd = await Crowd.start()
    stops.push(() => crowd.stop())
    const payload = (ordinal: number): object => ({ resource: bookPath(ordinal) })
    const where = { group: 'watchers', port: ports.queries, namespace: '/live,', auth: { token }, event: 'subscribe' }
    await crowd.open({ ...where, payload }, BOOKS)
    const figures: Record<string, number> = {}
    say('', 'p50 ms', 'p99 ms', 'seen')
    for (const per_s of RATES) {
      // Until what runs at this rate has been compiled, and what was opened has been folded.
      await source.run({ per_s, run_ms: WARM_UP_MS, books: BOOKS })
      await sleep(SETTLE_MS)
      const sent = await source.run({ per_s, run_ms, books: BOOKS })
      await sleep(SETTLE_MS)
      figures[`reached_per_s_${per_s}`] = rounded(sent.reached_per_s)
      say(`commands/s of ${per_s}`, sent.reached_per_s)
      const told = await crowd.collect('watchers', sent)
      for (const [name, values] of [
        ['replica', sent.latencies_ms],
        ['socket', told.latencies_ms],
      ] as const) {
        const [p50_ms, p99_ms] = [0.5, 0.99].map((share) => Latencies.percentile(values, share))
        say(`${name}, ${per_s} commands/s`, p50_ms ?? NaN, p99_ms ?? NaN, values.length)
        figures[`${name}_p50_ms_${per_s}`] = rounded(p50_ms ?? NaN)
        figures[`${name}_p99_ms_${per_s}`] = rounded(p99_ms ?? NaN)
      }
    }
    return { ours: figures, peers: {}, limit: {}, ratios: {} }
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}
