import { parsePosition } from '#http-api'
import { type At } from '#read-models'
import { invalidParameter } from './invalid-parameter.js'

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/

/**
 * A position, or a time in ISO 8601 with its zone. Events carry milliseconds: digits beyond them are cut off.
 *
 * @throws Problem `invalid-parameter`
 */
export function parseAt(value: string): At {
  if (/^\d+$/.test(value)) return { position: parsePosition('at', value) }
  const time_ms = TIME.test(value) && isDay(value.slice(0, 10)) ? Date.parse(value) : NaN
  const time = Number.isNaN(time_ms) ? '' : new Date(time_ms).toISOString()
  // Outside these years the text would not sort as the time does.
  if (!/^\d{4}-/.test(time))
    throw invalidParameter(
      'at',
      'at',
      'must be a position or a time with its zone such as 2026-11-23T10:00:00Z (a "+" is written %2B)',
    )
  return { time }
}

/** Date takes the 30th of February for the second of March. */
function isDay(day: string): boolean {
  const at_ms = Date.parse(`${day}T00:00Z`)
  return !Number.isNaN(at_ms) && new Date(at_ms).toISOString().startsWith(day)
}
