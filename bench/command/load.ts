import { randomUUID } from 'node:crypto'
import { HttpConnection } from '../support/http-connection.js'
import { Latencies } from '../support/latencies.js'
import { work, workerArgument } from '../support/workers.js'
import { transaction } from './workload.js'

export interface LoadArgument {
  readonly token: string
}

/** Posts transactions in a closed loop: one at a time on each connection. */
export interface LoadTask {
  /** Where to; the connections are dealt out evenly. */
  readonly ports: readonly number[]
  readonly connections: number
  readonly books: readonly string[]
  readonly warmUp_ms: number
  readonly run_ms: number
}

export interface LoadResult {
  /** Answered after the warm-up. */
  readonly commands: number
  readonly run_ms: number
  readonly latencies_ms: readonly number[]
  /** 503, as when two instances want one stream: sent again with the same key. */
  readonly retried: number
  /** Answers that were neither 201 nor 503. */
  readonly refused: readonly string[]
  /** With the warm-up, for what is counted per command over all of the time. */
  readonly commands_all: number
  readonly processor_us: number
}

const { token } = workerArgument<LoadArgument>()
const prefix = randomUUID().slice(0, 8)
let ordinal = 0

class Round {
  readonly latencies = new Latencies()
  readonly refused: string[] = []
  all = 0
  retried = 0

  constructor(
    private readonly task: LoadTask,
    private readonly begin_ms: number,
    private readonly end_ms: number,
  ) {}

  async loop(connection: HttpConnection): Promise<void> {
    const { books } = this.task
    for (let now_ms = performance.now(); now_ms < this.end_ms;) {
      const asked_ms = now_ms
      ordinal += 1
      const id = `${prefix}-${ordinal}`
      const book = books[Math.floor(Math.random() * books.length)] ?? ''
      const headers = `authorization: Bearer ${token}\r\nidempotency-key: ${id}\r\n`
      const path = `/v1/ledger/books/${book}/transactions`
      const sent = transaction(id, ordinal)
      let { status, body } = await connection.post(path, headers, sent)
      while (status === 503 && performance.now() < this.end_ms) {
        this.retried += 1
        ;({ status, body } = await connection.post(path, headers, sent))
      }
      now_ms = performance.now()
      this.all += 1
      if (status !== 201 && status !== 503) this.refused.push(`${status} ${body}`)
      else if (status === 201 && asked_ms >= this.begin_ms && now_ms <= this.end_ms)
        this.latencies.add(now_ms - asked_ms)
    }
    connection.close()
  }
}

work<LoadTask, LoadResult>(async (task) => {
  const { ports, connections, warmUp_ms, run_ms } = task
  const sockets = await Promise.all(
    Array.from({ length: connections }, (_, at) => HttpConnection.open(ports[at % ports.length] ?? 0)),
  )
  const begin_ms = performance.now() + warmUp_ms
  const round = new Round(task, begin_ms, begin_ms + run_ms)
  const before = process.cpuUsage()
  await Promise.all(sockets.map((each) => round.loop(each)))
  const { user, system } = process.cpuUsage(before)
  return {
    commands: round.latencies.length,
    run_ms,
    latencies_ms: round.latencies.toArray(),
    retried: round.retried,
    refused: round.refused.slice(0, 10),
    commands_all: round.all,
    processor_us: user + system,
  }
})
process.once('SIGTERM', () => process.exit(0))
