import { temporaryPostgres } from '#testing'
import { benchmark } from '../support/benchmark.js'
import { startCommandApi } from '../support/command-api.js'
import { startWriter } from '../support/event-writer.js'
import { processorOf, residentMemory_mb } from '../support/processor.js'
import { rounded, say } from '../support/report.js'
import { sendLines } from '../support/send-lines.js'
import { type Worker, worker } from '../support/workers.js'
import { bookName, BOOKS, openings, transaction } from '../command/workload.js'
import { coldStarts } from './cold.js'
import { type SendResult, type SendTask } from './send.js'

const MILLION = 1_000_000
/** Sent between two looks at memory; from the first look on it must be flat. */
const PART = 100_000
const REQUESTS = 2
const FEW = 1_000

const many = Array.from({ length: BOOKS }, (_, ordinal) => bookName(ordinal))
const [one, small, warm] = ['one-million', 'one-thousand', 'warm']

interface Pids {
  readonly api: number
  readonly writer: number
  readonly postgres: number
}

interface Run {
  readonly per_s: number
  /** From the first look at memory to the last; undefined when there was one only. */
  readonly rss_growth_mb: number | undefined
}

/**
 * `bench bulk`: transactions of three postings as lines of `POST /v1/commands`, a million in one book and a million spread
 * over many, and what a book's size does to the first command of a fresh process. `--short` sends 100 thousand each, which says
 * nothing of how memory grows.
 */
export const bulk = benchmark({ short: 'switch' }, async (told, stops) => {
  const count = told.short ? PART : MILLION
  const server = await temporaryPostgres()
  stops.push(() => server.drop())
  const writer = await startWriter(await server.createDatabase('ours'))
  stops.push(() => writer.stop())
  const api = await startCommandApi(writer)
  stops.push(() => api.stop())
  const { port } = api
  const sender: Sender = await worker('bulk/send.js', { port, token: writer.token })
  stops.push(() => sender.stop())
  await sendLines(port, writer.token, openings([...many, one, small, warm]))
  await sendLines(port, writer.token, transactionsOf(small, FEW))
  const pids = { api: api.pid, writer: writer.pid, postgres: server.pid() }
  const overMany = await send(sender, pids, 'many books', { transactions: count, requests: REQUESTS, books: many })
  const inOne = await send(sender, pids, 'one book', { transactions: count, requests: REQUESTS, books: [one] })
  const [large_ms = NaN, cold_ms_1k = NaN] = await coldStarts(writer, warm, [one, small])
  say(`first command, book of ${count}`, `${large_ms} ms`)
  say(`first command, book of ${FEW}`, `${cold_ms_1k} ms`)
  return {
    ours: {
      per_s: rounded(Math.min(overMany.per_s, inOne.per_s)),
      per_s_many_books: rounded(overMany.per_s),
      per_s_one_book: rounded(inOne.per_s),
      ...growth(overMany, inOne),
      [told.short ? 'cold_ms_100k' : 'cold_ms_1m']: large_ms,
      cold_ms_1k,
    },
    peers: {},
    limit: {},
    ratios: { cold: rounded(large_ms / cold_ms_1k) },
  }
})

/** Of the worse run; nothing where it was not measured. */
function growth(...runs: readonly Run[]): Readonly<Record<string, number>> {
  const all = runs.flatMap(({ rss_growth_mb }) => rss_growth_mb ?? [])
  return all.length === 0 ? {} : { rss_growth_mb: rounded(Math.max(...all)) }
}

type Sender = Worker<SendTask, SendResult>

/** All of it in parts. @throws Error when anything was refused. */
async function send(sender: Sender, pids: Pids, name: string, task: SendTask): Promise<Run> {
  say(name, 'per second', 'µs: api', 'writer', 'postgres', 'generator', 'MiB: api', 'writer')
  let sent = 0
  let run_ms = 0
  const held_mb: number[] = []
  while (sent < task.transactions) {
    const before = times(pids)
    const result = await sender.run({ ...task, transactions: Math.min(PART, task.transactions - sent) })
    const after = times(pids)
    if (result.refused[0] !== undefined) throw new Error(`a command was refused: ${result.refused[0]}`)
    sent += result.accepted
    run_ms += result.run_ms
    const per = after.map((time, at) => (time - (before[at] ?? NaN)) / result.accepted)
    const memory = [residentMemory_mb(pids.api), residentMemory_mb(pids.writer)]
    held_mb.push(memory.reduce((sum, each) => sum + each))
    const rate = Math.round((result.accepted * 1_000) / result.run_ms)
    say(String(sent), rate, ...per, result.processor_us / result.accepted, ...memory)
  }
  const [first_mb, ...later_mb] = held_mb
  const last_mb = later_mb.at(-1)
  const isMeasured = first_mb !== undefined && last_mb !== undefined
  return { per_s: (sent * 1_000) / run_ms, rss_growth_mb: isMeasured ? last_mb - first_mb : undefined }
}

function times({ api, writer, postgres }: Pids): readonly number[] {
  return [api, writer, postgres].map(processorOf)
}

function* transactionsOf(target: string, count: number): Generator<string> {
  for (let ordinal = 1; ordinal <= count; ordinal += 1) {
    const key = `few-${ordinal}`
    yield `{"key":"${key}","command":"ledger.post-transaction","target":"${target}","body":${transaction(key, ordinal)}}`
  }
}
