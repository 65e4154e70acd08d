import { shared } from '../proto.js'

const FORMAT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const HALF_HEX_DIGITS = 16

/** @returns the id as text, whichever of its two forms it came in. @throws Error as the server words it. */
export function uuidText(uuid: shared.UUID | undefined): string {
  const structured = uuid?.getStructured()
  const text = structured ? joined(structured) : (uuid?.getString() ?? '').toLowerCase()
  if (!FORMAT.test(text)) throw new Error('Unrecognized Guid format.')
  return text
}

export function stringUuid(text: string): shared.UUID {
  const uuid = new shared.UUID()
  uuid.setString(text)
  return uuid
}

/** The other form, two signed halves: what gossip and the server's own timeouts use. */
export function structuredUuid(text: string): shared.UUID {
  const hex = text.replaceAll('-', '')
  const half = (from: number): string =>
    BigInt.asIntN(64, BigInt(`0x${hex.slice(from, from + HALF_HEX_DIGITS)}`)).toString()
  const structured = new shared.UUID.Structured()
  structured.setMostSignificantBits(half(0))
  structured.setLeastSignificantBits(half(HALF_HEX_DIGITS))
  const uuid = new shared.UUID()
  uuid.setStructured(structured)
  return uuid
}

function joined(structured: shared.UUID.Structured): string {
  const half = (signed: string): string =>
    BigInt.asUintN(64, BigInt(signed)).toString(16).padStart(HALF_HEX_DIGITS, '0')
  const hex = half(structured.getMostSignificantBits()) + half(structured.getLeastSignificantBits())
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
