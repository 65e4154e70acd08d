import { GrowingBytes } from '#event-store'

/** Beyond this the runtime's own search and encoding are faster than a loop. */
const SHORT = 100
const TAB = 0x09
const NEWLINE = 0x0a
const BACKSLASH = 0x5c
const ESCAPED = /[\\\n\r\t]/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** What follows the backslash that stands for this byte; 0: it stands for itself. */
const LETTERS = new Uint8Array(128)
for (const [char, escape] of Object.entries(ESCAPES)) LETTERS[char.charCodeAt(0)] = escape.charCodeAt(1)

/** Rows as `copy … from stdin` reads them (PostgreSQL documentation, "COPY", text format): made as bytes at once, because texts of texts cost more than what they say. */
export class CopyText extends GrowingBytes {
  field(value: string | null): void {
    if (value === null) this.nothing()
    else if (value.length > SHORT || !this.short(value)) this.long(value)
    this.end(TAB)
  }

  /** Ends a row, after its last field. */
  row(): void {
    this.bytes[this.at - 1] = NEWLINE
  }

  /** All rows, once nothing more is to be written. */
  get written(): Buffer {
    return this.bytes.subarray(0, this.at)
  }

  private nothing(): void {
    this.reserve(3)
    this.bytes[this.at++] = BACKSLASH
    this.end(0x4e)
  }

  /** @returns false, and leaves it, when there is more than ASCII in it. */
  private short(value: string): boolean {
    this.reserve(2 * value.length + 1)
    const { bytes } = this
    let { at } = this
    for (let index = 0; index < value.length; index += 1) {
      const unit = value.charCodeAt(index)
      if (unit > 0x7f) return false
      const letter = LETTERS[unit]
      if (letter !== 0) bytes[at++] = BACKSLASH
      bytes[at++] = letter === 0 ? unit : (letter ?? 0)
    }
    this.at = at
    return true
  }

  private long(value: string): void {
    const escaped = ESCAPED.test(value) ? value.replaceAll(/[\\\n\r\t]/g, (char) => ESCAPES[char] ?? char) : value
    this.reserve(3 * escaped.length + 1)
    this.at += this.bytes.write(escaped, this.at, 'utf8')
  }

  private end(byte: number): void {
    this.bytes[this.at++] = byte
  }
}
