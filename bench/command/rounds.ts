import { Latencies } from '../support/latencies.js'
import { processorOf } from '../support/processor.js'
import { type Worker } from '../support/workers.js'
import { type LoadResult, type LoadTask } from './load.js'

const CONNECTIONS = 256
const WARM_UP_MS = 500
const RUN_MS = 2_500

export type Load = Worker<LoadTask, LoadResult>

/** What is measured: where it listens, and the processes that work for it, by what they are. */
export interface Subject {
  readonly name: string
  readonly ports: readonly number[]
  readonly books: readonly string[]
  readonly pids: Readonly<Partial<Record<Part, readonly number[]>>>
}

type Part = 'api' | 'writer' | 'postgres'

/** Times with `_us` are of the processor, per command. */
export interface Measured {
  readonly per_s: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly api_us: number
  readonly writer_us: number
  readonly postgres_us: number
  readonly generator_us: number
  /** Commands that had to be sent again. */
  readonly retried: number
}

function timeOf(pids: readonly number[] = []): number {
  return pids.reduce((sum, each) => sum + processorOf(each), 0)
}

/** One short round. @throws Error when anything was refused: then the figures would be those of something else. */
export async function measureRound(load: Load, { ports, books, pids }: Subject): Promise<Measured> {
  const all = (): readonly number[] => [timeOf(pids.api), timeOf(pids.writer), timeOf(pids.postgres)]
  const before = all()
  const task = { ports, books, connections: CONNECTIONS, warmUp_ms: WARM_UP_MS, run_ms: RUN_MS }
  const { commands, run_ms, latencies_ms, retried, refused, commands_all, processor_us } = await load.run(task)
  const after = all()
  if (refused[0] !== undefined) throw new Error(`a command was refused: ${refused[0]}`)
  const [api_us = NaN, writer_us = NaN, postgres_us = NaN] = after.map(
    (time, at) => (time - (before[at] ?? NaN)) / commands_all,
  )
  return {
    per_s: (commands * 1_000) / run_ms,
    p50_ms: Latencies.percentile(latencies_ms, 0.5),
    p99_ms: Latencies.percentile(latencies_ms, 0.99),
    api_us,
    writer_us,
    postgres_us,
    generator_us: processor_us / commands_all,
    retried,
  }
}
