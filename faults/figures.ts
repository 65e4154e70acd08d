import { type Outcome, type Timed } from './outcome.js'

/** The smallest value that `share` of all values do not exceed (nearest rank); NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
}

export const round = (ms: number): number => Math.round(ms * 10) / 10

export interface Figures {
  readonly kind: string
  readonly faults: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly max_ms: number
}

/** By kind of fault, and of all together. */
export function figuresOf(times: readonly Timed[]): readonly Figures[] {
  const kinds = [...new Set(times.map(({ kind }) => kind))].sort()
  const row = (kind: string, values: readonly number[]): Figures => ({
    kind,
    faults: values.length,
    p50_ms: round(percentile(values, 0.5)),
    p99_ms: round(percentile(values, 0.99)),
    max_ms: round(percentile(values, 1)),
  })
  const of = (kind?: string): number[] =>
    times.filter((each) => kind === undefined || each.kind === kind).map(({ ms }) => ms)
  return [...kinds.map((kind) => row(kind, of(kind))), row('all', of())]
}

/** The last line of a run, with keys that programs may rely on; `cycles` counts the faults that were injected. */
export function summaryOf(
  name: string,
  { times, counts, measured, more }: Outcome,
  { seed, seconds }: { readonly seed: number; readonly seconds: number },
): Readonly<Record<string, string | number | undefined>> {
  const all = figuresOf(times).at(-1)
  return {
    faults: name,
    seed,
    cycles: times.length,
    ...counts,
    [`${measured.key}_p50`]: all?.p50_ms,
    [`${measured.key}_p99`]: all?.p99_ms,
    [`${measured.key}_max`]: all?.max_ms,
    ...more,
    seconds,
  }
}
