/** What a benchmark prints as its last line: figures by name, and ratios of ours to the named thing, of one run. */
export interface Report {
  readonly ours: Readonly<Record<string, number>>
  readonly peers: Readonly<Record<string, number>>
  readonly limit: Readonly<Record<string, number>>
  readonly ratios: Readonly<Record<string, number>>
}

/** A line of the readable table. */
export function say(name: string, ...values: readonly (string | number)[]): void {
  const cells = values.map((value) => (typeof value === 'number' ? rounded(value).toString() : value).padStart(12))
  process.stdout.write(`${name.padEnd(34)}${cells.join('')}\n`)
}

/** Three digits say what a noisy machine can say. */
export function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [below = NaN, above = NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 1 ? above : (below + above) / 2
}
