import { type Verdict } from './arena/verdict.js'

/** The smallest value that `share` of all values do not exceed (nearest rank); NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
}

const round = (ms: number): number => Math.round(ms * 10) / 10

export interface Figures {
  readonly kind: string
  readonly faults: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly max_ms: number
}

/** First acknowledgements by kind of fault, and of all together. */
export function figuresOf({ firstAcks_ms }: Verdict): readonly Figures[] {
  const kinds = [...new Set(firstAcks_ms.map(({ kind }) => kind))].sort()
  const row = (kind: string, values: readonly number[]): Figures => ({
    kind,
    faults: values.length,
    p50_ms: round(percentile(values, 0.5)),
    p99_ms: round(percentile(values, 0.99)),
    max_ms: round(percentile(values, 1)),
  })
  const of = (kind?: string): number[] =>
    firstAcks_ms.filter((each) => kind === undefined || each.kind === kind).map(({ first_ack_ms }) => first_ack_ms)
  return [...kinds.map((kind) => row(kind, of(kind))), row('all', of())]
}

/** The last line of a run, with keys that programs may rely on; `cycles` counts the faults that were injected. */
export function summaryOf(
  name: string,
  verdict: Verdict,
  { seed, seconds }: { readonly seed: number; readonly seconds: number },
): Readonly<Record<string, string | number | undefined>> {
  const all = figuresOf(verdict).at(-1)
  const healed = afterHealing_ms(verdict)
  return {
    faults: name,
    seed,
    cycles: verdict.firstAcks_ms.length,
    ...verdict.counts,
    first_ack_ms_p50: all?.p50_ms,
    first_ack_ms_p99: all?.p99_ms,
    first_ack_ms_max: all?.max_ms,
    ...(healed.length > 0 ? { healed_ack_ms_p99: round(percentile(healed, 0.99)) } : {}),
    terms: verdict.terms,
    seconds,
  }
}

/** From the end of what lasted a while to the first acknowledgement after that; 0 when there was one before. */
export function afterHealing_ms({ firstAcks_ms }: Verdict): readonly number[] {
  return firstAcks_ms.flatMap(({ at_ms, healed_ms, first_ack_ms }) =>
    healed_ms === undefined ? [] : [Math.max(0, at_ms + first_ack_ms - healed_ms)],
  )
}
