/** Memory that is written from its beginning on, and grows. */
export abstract class GrowingBytes {
  protected bytes: Buffer
  /** How much is written. */
  protected at = 0

  /** @param size_bytes what will probably do. */
  constructor(size_bytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(size_bytes)
  }

  /** Makes room for so many bytes behind what is written. */
  protected reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + more))
    grown.set(this.bytes.subarray(0, this.at))
    this.bytes = grown
  }
}
