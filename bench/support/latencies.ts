/** How long each of many things took, in ms. */
export class Latencies {
  private values = new Float64Array(1 << 16)
  private count = 0

  add(value_ms: number): void {
    if (this.count === this.values.length) {
      const grown = new Float64Array(this.values.length * 2)
      grown.set(this.values)
      this.values = grown
    }
    this.values[this.count] = value_ms
    this.count += 1
  }

  get length(): number {
    return this.count
  }

  /** Everything measured, to hand to another process. */
  toArray(): number[] {
    return Array.from(this.values.subarray(0, this.count))
  }

  /** @param share 0.99 for the 99th percentile. */
  static percentile(values: readonly number[], share: number): number {
    const sorted = Float64Array.from(values).sort()
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
  }
}
