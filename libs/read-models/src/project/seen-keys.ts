import { BloomFilter } from '#event-store'
import { hashOf, mixed } from './hash.js'

/** Of the first filter; each next one holds so many times more. */
const KEYS_FIRST = 65_536
const GROWTH = 4
/** 5.6 million keys, 11 MiB. */
const FILTERS_MAX = 4

const first = (key: string): number => mixed(hashOf(key))
/** With another beginning and another factor: independent enough of the first. */
const second = (key: string): number => mixed(hashOf(key, 0x9747b28c, 0x5bd1e995))

/**
 * Which keys a table that began empty may have: what was never added is not there, and need not be looked for. A filter that grows
 * (Almeida et al., "Scalable Bloom Filters", 2007).
 */
export class SeenKeys {
  private readonly filters: BloomFilter[] = []
  /** Keys that the youngest filter has room for. */
  private room = 0

  /** @param size keys that the first filter holds. */
  constructor(private size = KEYS_FIRST) {}

  /** What is added beyond makes it say "perhaps" too often. */
  get isFull(): boolean {
    return this.room === 0 && this.filters.length === FILTERS_MAX
  }

  add(key: string): void {
    if (this.room === 0 && this.filters.length < FILTERS_MAX) {
      this.filters.push(BloomFilter.of(this.size))
      this.room = this.size
      this.size *= GROWTH
    }
    if (this.room > 0) this.room -= 1
    this.filters.at(-1)?.add(first(key), second(key))
  }

  /** false: certainly not. */
  has(key: string): boolean {
    const words = [first(key), second(key)] as const
    return this.filters.some((filter) => filter.mayHold(...words))
  }
}
