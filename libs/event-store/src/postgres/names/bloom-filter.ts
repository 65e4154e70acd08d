/** Bits a key and probes: one key in some 7,000 that was never added is taken for one that may have been. */
const BITS_PER_KEY = 20
const PROBES = 8

/**
 * Says of a key "never added", or "perhaps" (Bloom, CACM 1970), from 2.5 bytes of memory a key. Two words of a good hash make all probes
 * (Kirsch and Mitzenmacher, 2006). How many bits there are is given by the bytes: earlier versions stored 16 a key.
 */
export class BloomFilter {
  private readonly length_bits: number

  private constructor(readonly bits: Uint8Array) {
    this.length_bits = bits.length * 8
  }

  /** @param keys how many it is to hold. */
  static of(keys: number): BloomFilter {
    return new BloomFilter(new Uint8Array(Math.ceil((keys * BITS_PER_KEY) / 8)))
  }

  static from(bits: Uint8Array): BloomFilter {
    return new BloomFilter(bits)
  }

  add(first: number, second: number): void {
    let at = first
    const step = second | 1
    for (let probe = 0; probe < PROBES; probe += 1) {
      const bit = this.bitOf(at)
      this.bits[bit >>> 3] = (this.bits[bit >>> 3] ?? 0) | (1 << (bit & 7))
      at = (at + step) | 0
    }
  }

  mayHold(first: number, second: number): boolean {
    let at = first
    const step = second | 1
    for (let probe = 0; probe < PROBES; probe += 1) {
      const bit = this.bitOf(at)
      if (((this.bits[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
      at = (at + step) | 0
    }
    return true
  }

  /** Both as unsigned whole numbers: else the remainder is one of fractions, which is slow. */
  private bitOf(at: number): number {
    return (at >>> 0) % (this.length_bits >>> 0)
  }
}
