/** Writes a whole number of up to 53 bits as 8 bytes, big-endian. @returns where it ends. */
export function writeInt64(out: Uint8Array, value: number, at: number): number {
  return writeInt32(out, value >>> 0, writeInt32(out, Math.floor(value / 0x1_0000_0000), at))
}

/** Big-endian, as Postgres and the link have it. @returns where it ends. */
export function writeInt32(out: Uint8Array, value: number, at: number): number {
  out[at] = value >>> 24
  out[at + 1] = value >>> 16
  out[at + 2] = value >>> 8
  out[at + 3] = value
  return at + 4
}

export function writeInt16(out: Uint8Array, value: number, at: number): number {
  out[at] = value >>> 8
  out[at + 1] = value
  return at + 2
}

/** Signed. Beyond the end it reads zeros: who reads what a peer sent compares with the length first. */
export function readInt32(from: Uint8Array, at: number): number {
  return ((from[at] ?? 0) << 24) | ((from[at + 1] ?? 0) << 16) | ((from[at + 2] ?? 0) << 8) | (from[at + 3] ?? 0)
}

export function readInt64(from: Uint8Array, at: number): number {
  return readInt32(from, at) * 0x1_0000_0000 + (readInt32(from, at + 4) >>> 0)
}

export function readInt16(from: Uint8Array, at: number): number {
  return ((from[at] ?? 0) << 8) | (from[at + 1] ?? 0)
}

/** Copies 16 bytes, a hash or a UUID: of so few the call costs most when the runtime copies them. @returns where they end. */
export function copy16(out: Uint8Array, from: Uint8Array, start: number, at: number): number {
  for (let word = 0; word < 16; word += 4) writeInt32(out, readInt32(from, start + word), at + word)
  return at + 16
}

const HEX = '0123456789abcdef'
const NIBBLES = new Int8Array(128).fill(-1)
for (let value = 0; value < 16; value += 1) {
  NIBBLES[HEX.charCodeAt(value)] = value
  NIBBLES[HEX.toUpperCase().charCodeAt(value)] = value
}

/** Bytes of a UUID. */
export const UUID_BYTES = 16
const DASHES = [8, 13, 18, 23]
/** Where each byte's two digits begin in the text. */
const DIGITS = Array.from({ length: 36 }, (_, at) => at)
  .filter((at) => !DASHES.includes(at))
  .filter((_, index) => index % 2 === 0)

/** @returns where it ends. @throws RangeError for what is no UUID. */
export function writeUuid(out: Uint8Array, text: string, at: number): number {
  let wrong = text.length === 36 ? 0 : -1
  for (let index = 0; index < UUID_BYTES; index += 1) {
    const digit = DIGITS[index] ?? 0
    const high = NIBBLES[text.charCodeAt(digit)] ?? -1
    const low = NIBBLES[text.charCodeAt(digit + 1)] ?? -1
    wrong |= high | low // negative when one of them is
    out[at + index] = (high << 4) | low
  }
  for (const dash of DASHES) if (text.charCodeAt(dash) !== 0x2d) wrong = -1
  if (wrong < 0) throw new RangeError(`an event's id must be a UUID, not "${text.slice(0, 50)}"`)
  return at + UUID_BYTES
}

export function readUuid(from: Buffer, at: number): string {
  const hex = from.toString('hex', at, at + UUID_BYTES)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
