import { readInt32, writeInt64 } from './binary.js'
import { HASH_BYTES } from './name-hash.js'

/** Bytes of one name in storage: its hash, then the position of the append's last event, big-endian. */
export const ENTRY_BYTES = HASH_BYTES + 8

const WORDS = 4

/**
 * Hash → position for one run of names, exact, in typed arrays: no garbage and no pause for growing, whatever the rate.
 * Open addressing with linear probing at a load of at most one half (after Knuth, TAOCP 6.4); a name's home is given by the
 * first bits of its hash, so that walking the slots walks the hashes nearly in order. 48 bytes a name at capacity.
 */
export class NameTable {
  private readonly words: Uint32Array
  /** 0 is a free slot: no event has position 0. */
  private readonly positions: Float64Array
  private readonly shift: number
  private readonly mask: number
  size = 0

  /** @param capacity a power of two, at least 2. */
  constructor(readonly capacity: number) {
    const slots = capacity * 2
    this.words = new Uint32Array(slots * WORDS)
    this.positions = new Float64Array(slots)
    this.mask = slots - 1
    this.shift = 32 - Math.log2(slots)
  }

  /** @returns the position of the append that took the name, 0 when nobody did. */
  find(hash: Buffer, offset = 0): number {
    return this.positions[this.slotOf(hash, offset)] ?? 0
  }

  /** A name that is there keeps its position. @throws RangeError when the table is full. */
  add(hash: Buffer, position: number, offset = 0): void {
    const slot = this.slotOf(hash, offset)
    if (this.positions[slot] !== 0) return
    if (this.size >= this.capacity) throw new RangeError(`a run holds ${this.capacity} names`)
    for (let word = 0; word < WORDS; word += 1) this.words[slot * WORDS + word] = readInt32(hash, offset + 4 * word)
    this.positions[slot] = position
    this.size += 1
  }

  /** The names whose hash begins with these bits, as they are stored. `buckets` is a power of two, at most the slots. */
  bucket(bucket: number, buckets: number): Buffer {
    const width = this.positions.length / buckets
    if (width < 1) throw new RangeError(`${this.positions.length} slots cannot be divided among ${buckets} buckets`)
    const found: number[] = []
    // A name may have been pushed on past the end of its bucket, up to the next free slot.
    for (let at = bucket * width, beyond = false; ; at += 1) {
      const slot = at & this.mask
      beyond ||= at >= (bucket + 1) * width
      if (this.positions[slot] === 0) {
        if (beyond || at - bucket * width >= this.positions.length) break
        continue
      }
      const home = (this.words[slot * WORDS] ?? 0) >>> this.shift
      if (Math.floor(home / width) === bucket) found.push(slot)
    }
    const out = Buffer.allocUnsafe(found.length * ENTRY_BYTES)
    let offset = 0
    for (const slot of found) {
      for (let word = 0; word < WORDS; word += 1)
        offset = out.writeUInt32BE(this.words[slot * WORDS + word] ?? 0, offset)
      offset = writeInt64(out, this.positions[slot] ?? 0, offset)
    }
    return out
  }

  /** The slot that holds the name, or the free one where it belongs. */
  private slotOf(hash: Buffer, offset: number): number {
    const { words, positions, mask } = this
    const a = readInt32(hash, offset) >>> 0
    const b = readInt32(hash, offset + 4) >>> 0
    const c = readInt32(hash, offset + 8) >>> 0
    const d = readInt32(hash, offset + 12) >>> 0
    for (let slot = a >>> this.shift; ; slot = (slot + 1) & mask) {
      if (positions[slot] === 0) return slot
      const at = slot * WORDS
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return slot
    }
  }
}
