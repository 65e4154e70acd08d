import { type Expected } from '../port.js'
import { readInt16, readInt32, UUID_BYTES } from './binary.js'
import { endOfTail } from './event-bytes.js'
import { HASH_BYTES } from './name-hash.js'
import {
  EXPECTATIONS,
  IS_BULK,
  type PlannedAppend,
  type PlannedCheck,
  type PlannedExpectation,
  type PlannedWrite,
} from './planned.js'

/** Appends as `Packer` wrote them. @throws RangeError for anything else: a peer that sends it has a bug. */
export function unpack(bytes: Buffer): PlannedAppend[] {
  const reader = new Unpacker(bytes)
  const appends: PlannedAppend[] = []
  while (!reader.isAtEnd) appends.push(reader.append())
  return appends
}

class Unpacker {
  private at = 0

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length
  }

  append(): PlannedAppend {
    const { bytes, at: begin } = this
    const isBulk = (this.byte() & IS_BULK) !== 0
    const keyAt = this.skip(HASH_BYTES)
    const claims = this.int16()
    const checkCount = this.int16()
    const writeCount = this.int16()
    const claimsAt = this.skip(claims * HASH_BYTES)
    const checks: PlannedCheck[] = []
    for (let count = 0; count < checkCount; count += 1)
      checks.push({ expected: this.expectation(), stream: this.text() })
    const writes: PlannedWrite[] = []
    let events = 0
    let size_bytes = 0
    for (let count = 0; count < writeCount; count += 1) {
      const write = this.write()
      writes.push(write)
      events += write.events
      size_bytes += write.to - write.from
    }
    if (!writes[0] || writes[0].events === 0) throw new RangeError('an append writes at least one event')
    const packed_bytes = this.at - begin
    return { bytes, keyAt, claimsAt, claims, writes, checks, events, size_bytes, packed_bytes, isBulk }
  }

  private write(): PlannedWrite {
    const expected = this.expectation()
    const stream = this.text()
    const tip = this.byte() === 0 ? undefined : this.id()
    const events = this.int16()
    const length = this.int32()
    const from = this.skip(length)
    const to = this.at
    let end = from
    for (let count = 0; count < events; count += 1) {
      end = endOfTail(this.bytes, end, to)
      if (end < 0) break
    }
    if (end !== to) throw new RangeError('events that are no rows')
    return { expected, stream, tip, events, from, to }
  }

  private expectation(): PlannedExpectation {
    const kind: Exclude<Expected, bigint> | 'revision' | undefined = EXPECTATIONS[this.byte()]
    if (kind === undefined) throw new RangeError('an unknown expectation')
    if (kind !== 'revision') return kind
    return this.bytes.readDoubleBE(this.skip(8))
  }

  private id(): string {
    const at = this.skip(UUID_BYTES)
    return this.bytes.toString('latin1', at, at + UUID_BYTES)
  }

  private text(): string {
    const length = this.int32()
    const at = this.skip(length)
    return this.bytes.toString('utf8', at, at + length)
  }

  private byte(): number {
    return this.bytes[this.skip(1)] ?? 0
  }

  private int16(): number {
    return readInt16(this.bytes, this.skip(2))
  }

  private int32(): number {
    return readInt32(this.bytes, this.skip(4))
  }

  /** @returns where it stood. */
  private skip(length: number): number {
    const { at } = this
    if (length < 0 || length > this.bytes.length - at) throw new RangeError('an append that is cut off')
    this.at = at + length
    return at
  }
}
