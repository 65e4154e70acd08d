import { writeInt16, writeInt32, writeUuid } from './binary.js'
import { GrowingBytes } from './growing-bytes.js'

/** Beyond this a text is written by the runtime, below it a loop is faster. */
const SHORT_TEXT = 40

/** Bytes that are written one after the other, into memory that grows and is used again. */
export class ByteSink extends GrowingBytes {
  get length(): number {
    return this.at
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.at] = value
    this.at += 1
  }

  /** @throws RangeError beyond 65,535. */
  int16(value: number): void {
    if (value > 0xffff) throw new RangeError(`${value} of a kind in one append, at most 65535 are allowed`)
    this.reserve(2)
    this.at = writeInt16(this.bytes, value, this.at)
  }

  int32(value: number): void {
    this.reserve(4)
    this.at = writeInt32(this.bytes, value, this.at)
  }

  /** Revisions and the like: any number. */
  double(value: number): void {
    this.reserve(8)
    this.at = this.bytes.writeDoubleBE(value, this.at)
  }

  /** @throws RangeError for what is no UUID. */
  uuid(text: string): void {
    this.reserve(16)
    this.at = writeUuid(this.bytes, text, this.at)
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** The first so many bytes of a text of one a character. */
  latin1(text: string, length: number): void {
    this.reserve(length)
    this.at += this.bytes.write(text, this.at, length, 'latin1')
  }

  /** UTF-8 behind its length in bytes, as 4 bytes. @returns the length. */
  text(text: string): number {
    this.reserve(4 + text.length * 3)
    const from = this.at + 4
    const length = (text.length <= SHORT_TEXT && this.ascii(text, from)) || this.bytes.write(text, from, 'utf8')
    writeInt32(this.bytes, length, this.at)
    this.at = from + length
    return length
  }

  /** Overwrites what was written at this place. */
  patchInt32(value: number, at: number): void {
    writeInt32(this.bytes, value, at)
  }

  /** Forgets everything from this place on. */
  cut(at: number): void {
    this.at = at
  }

  /** A copy of what was written, which is then forgotten. */
  take(): Buffer {
    const taken = Buffer.from(this.bytes.subarray(0, this.at))
    this.at = 0
    return taken
  }

  /** @returns how many bytes, 0 when the text is not ASCII. */
  private ascii(text: string, from: number): number {
    const { bytes } = this
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) return 0
      bytes[from + index] = unit
    }
    return text.length
  }
}
