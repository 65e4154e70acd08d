import { HttpConnection } from '../support/http-connection.js'
import { Latencies } from '../support/latencies.js'
import { work, workerArgument } from '../support/workers.js'

export interface LoadArgument {
  readonly token: string
}

/** Asks in a closed loop: one query at a time on each connection, of one path after the other, so that those under way differ. */
export interface LoadTask {
  readonly port: number
  readonly connections: number
  readonly paths: readonly string[]
  /** Goes on until so many have been asked, however long that takes. */
  readonly queries_min: number
  readonly warmUp_ms: number
  readonly run_ms: number
}

export interface LoadResult {
  readonly run_ms: number
  readonly latencies_ms: readonly number[]
  /** Answers that said so, of all. */
  readonly cached_all: number
  /** Answers other than 200. */
  readonly refused: readonly string[]
  /** With the warm-up, for what is counted per query over all of the time. */
  readonly queries_all: number
  readonly processor_us: number
}

const { token } = workerArgument<LoadArgument>()
/** Goes on from round to round: in the end each path was asked as often as any other. */
let ordinal = 0
const headers = `authorization: Bearer ${token}\r\n`

work<LoadTask, LoadResult>(async ({ port, connections, paths, queries_min, warmUp_ms, run_ms }) => {
  const sockets = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(port)))
  const begin_ms = performance.now() + warmUp_ms
  const end_ms = begin_ms + run_ms
  const latencies = new Latencies()
  const refused: string[] = []
  let all = 0
  let cached = 0
  const before = process.cpuUsage()
  const loop = async (connection: HttpConnection): Promise<void> => {
    for (let now_ms = performance.now(); now_ms < end_ms || all < queries_min;) {
      const asked_ms = now_ms
      ordinal += 1
      const path = paths[ordinal % paths.length] ?? ''
      const { status, head, body } = await connection.get(path, headers)
      now_ms = performance.now()
      all += 1
      if (head.includes('headwater-source: cache')) cached += 1
      if (status !== 200) refused.push(`${status} ${body}`)
      else if (asked_ms >= begin_ms && now_ms <= end_ms) latencies.add(now_ms - asked_ms)
    }
    connection.close()
  }
  await Promise.all(sockets.map(loop))
  const { user, system } = process.cpuUsage(before)
  return {
    run_ms,
    latencies_ms: latencies.toArray(),
    cached_all: cached,
    refused: refused.slice(0, 10),
    queries_all: all,
    processor_us: user + system,
  }
})
process.once('SIGTERM', () => process.exit(0))
