import { Latencies } from '../support/latencies.js'
import { processorOf } from '../support/processor.js'
import { median, say } from '../support/report.js'
import { type Worker } from '../support/workers.js'
import { type LoadResult, type LoadTask } from './load.js'

const WARM_UP_MS = 400
const RUN_MS = 2_000

export type Load = Worker<LoadTask, LoadResult>

/** What is measured, by which queries, and by how many connections. */
export interface Subject {
  readonly name: string
  readonly port: number
  readonly pid: number
  readonly paths: readonly string[]
  readonly connections: number
}

/** Times with `_us` are of the processor, per query. */
export interface Measured {
  readonly per_s: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly api_us: number
  readonly generator_us: number
  /** Share that the cache answered. */
  readonly cached: number
}

async function measureRound(
  load: Load,
  { port, pid, paths, connections }: Subject,
  queries_min = 0,
): Promise<Measured> {
  const before = processorOf(pid)
  const task = { port, connections, paths, queries_min, warmUp_ms: WARM_UP_MS, run_ms: RUN_MS }
  const { run_ms, latencies_ms, refused, queries_all, cached_all, processor_us } = await load.run(task)
  const api_us = (processorOf(pid) - before) / queries_all
  if (refused[0] !== undefined) throw new Error(`a query was refused: ${refused[0]}`)
  return {
    per_s: (latencies_ms.length * 1_000) / run_ms,
    p50_ms: Latencies.percentile(latencies_ms, 0.5),
    p99_ms: Latencies.percentile(latencies_ms, 0.99),
    api_us,
    generator_us: processor_us / queries_all,
    cached: cached_all / queries_all,
  }
}

/** By name of the subject: what each round of it measured. */
export type Rounds = ReadonlyMap<string, readonly Measured[]>

/**
 * Rounds in turns, after one of each that does not count, in which everything is asked for once: then the cache has it.
 *
 * @throws Error when anything was refused: then the figures would be those of something else.
 */
export async function rounds(load: Load, subjects: readonly Subject[], count: number): Promise<Rounds> {
  const measured = new Map(subjects.map(({ name }) => [name, [] as Measured[]]))
  for (const each of subjects) await measureRound(load, each, each.paths.length)
  say('', 'queries/s', 'p50 ms', 'p99 ms', 'µs: api', 'generator', 'cached')
  for (let round = 0; round < count; round += 1)
    for (const each of subjects) {
      const result = await measureRound(load, each)
      measured.get(each.name)?.push(result)
      const { per_s, p50_ms, p99_ms, api_us, generator_us, cached } = result
      say(each.name, Math.round(per_s), p50_ms, p99_ms, api_us, generator_us, cached)
    }
  return measured
}

/** Of each pair of rounds that were measured one after the other, in the middle of them. */
export function ratio(all: Rounds, of: string, to: string, figure: keyof Measured): number {
  const below = all.get(to) ?? []
  return median((all.get(of) ?? []).map((each, at) => each[figure] / (below[at]?.[figure] ?? NaN)))
}

export function middle(all: Rounds, name: string, figure: keyof Measured): number {
  return median((all.get(name) ?? []).map((each) => each[figure]))
}
