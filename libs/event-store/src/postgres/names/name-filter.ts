import { readInt32 } from '../../log/binary.js'
import { BloomFilter } from './bloom-filter.js'

/** Says of a name "never taken in this slice of a run", or "perhaps". Hashes of names are random already: two of their words are all that is needed. */
export class NameFilter {
  private constructor(private readonly filter: BloomFilter) {}

  /** @param names how many it is to hold. */
  static of(names: number): NameFilter {
    return new NameFilter(BloomFilter.of(names))
  }

  static from(bits: Uint8Array): NameFilter {
    return new NameFilter(BloomFilter.from(bits))
  }

  get bits(): Uint8Array {
    return this.filter.bits
  }

  add(hash: Buffer, offset = 0): void {
    this.filter.add(readInt32(hash, offset + 4), readInt32(hash, offset + 8))
  }

  mayHold(hash: Buffer, offset = 0): boolean {
    return this.filter.mayHold(readInt32(hash, offset + 4), readInt32(hash, offset + 8))
  }
}
