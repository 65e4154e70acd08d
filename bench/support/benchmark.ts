import { type Known, optionsFrom, type Told } from './options.js'
import { type Report } from './report.js'

/** Measures ours, its peers and its limit in one run. @throws UsageError before anything is started. */
export type Benchmark = (args: readonly string[]) => Promise<Report>

/** Stops what was started, the last first. */
export type Stops = (() => Promise<void>)[]

/**
 * @param known options of this benchmark.
 * @param measure pushes onto `stops` how to stop each thing that it starts; that is done whatever becomes of the measurement.
 */
export function benchmark<K extends Known>(
  known: K,
  measure: (told: Told<K>, stops: Stops) => Promise<Report>,
): Benchmark {
  return async (args) => {
    const told = optionsFrom(args, known)
    const stops: Stops = []
    try {
      return await measure(told, stops)
    } finally {
      for (const stop of stops.reverse()) await stop()
    }
  }
}
