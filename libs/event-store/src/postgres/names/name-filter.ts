import { readInt32 } from '../binary.js'

/** Bits a name and probes: one name in some 2,000 that was never taken is taken for one that may have been. */
const BITS_PER_NAME = 16
const PROBES = 8

/**
 * Says of a name "never taken in this run", or "perhaps" (Bloom, CACM 1970), from 2 bytes of memory a name. The hashes
 * are random already: two of their words make all probes (Kirsch and Mitzenmacher, 2006).
 */
export class NameFilter {
  private readonly mask: number

  private constructor(readonly bits: Uint8Array) {
    this.mask = bits.length * 8 - 1
  }

  /** @param names how many it is to hold: a power of two. */
  static of(names: number): NameFilter {
    return new NameFilter(new Uint8Array((names * BITS_PER_NAME) / 8))
  }

  static from(bits: Uint8Array): NameFilter {
    return new NameFilter(bits)
  }

  add(hash: Buffer, offset = 0): void {
    let at = readInt32(hash, offset + 4)
    const step = readInt32(hash, offset + 8) | 1
    for (let probe = 0; probe < PROBES; probe += 1) {
      const bit = at & this.mask
      this.bits[bit >>> 3] = (this.bits[bit >>> 3] ?? 0) | (1 << (bit & 7))
      at = (at + step) | 0
    }
  }

  mayHold(hash: Buffer, offset = 0): boolean {
    let at = readInt32(hash, offset + 4)
    const step = readInt32(hash, offset + 8) | 1
    for (let probe = 0; probe < PROBES; probe += 1) {
      const bit = at & this.mask
      if (((this.bits[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
      at = (at + step) | 0
    }
    return true
  }
}
