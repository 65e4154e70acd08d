import { Problem } from '#runtime'
import { type Place } from './sql.js'

/** Where a page of a list ended. Opaque to clients, and good for that list only. */
export function encodeCursor(list: string, { position, ordinal }: Place): string {
  return Buffer.from(JSON.stringify([list, position.toString(), ordinal])).toString('base64url')
}

/** @throws Problem `invalid-cursor` */
export function decodeCursor(list: string, cursor: string): Place {
  try {
    const value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown
    if (Array.isArray(value)) {
      const [name, position, ordinal] = value as unknown[]
      if (name === list && typeof position === 'string' && /^\d{1,18}$/.test(position) && Number.isInteger(ordinal))
        return { position: BigInt(position), ordinal: Math.min(ordinal as number, 2_147_483_647) }
    }
  } catch {
    // Not JSON: refused below.
  }
  throw Problem.of('invalid-cursor', 'cursor must be the "next" of a page of this same list', {
    errors: [{ field: 'cursor', rule: 'cursor', message: 'not a cursor of this list' }],
  })
}
