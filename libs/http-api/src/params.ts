import { type AnyAggregate, DEFAULT_ID } from '#domain-kit'
import { Problem } from '#runtime'

const PARAM_LENGTH_MAX = 512

function refuse(name: string, rule: string, message: string): Problem {
  return Problem.of('invalid-parameter', `${name} ${message}`, {
    errors: [{ field: name, rule, message: `${name} ${message}` }],
  })
}

function hasControl(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i)
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return true
  }
  return false
}

/** A decoded path parameter. @throws Problem `invalid-parameter` */
export function checkParam(name: string, value: string): string {
  if (value.length === 0 || value.length > PARAM_LENGTH_MAX)
    throw refuse(name, 'length', `must be 1 to ${PARAM_LENGTH_MAX} characters long`)
  if (!value.isWellFormed()) throw refuse(name, 'unicode', 'must be well-formed UTF-8')
  if (hasControl(value)) throw refuse(name, 'control', 'must not hold control characters')
  return value
}

/** The id of an aggregate instance. @throws Problem `invalid-parameter` naming the aggregate's rule. */
export function checkId(aggregate: Pick<AnyAggregate, 'name' | 'id'>, value: unknown): string {
  const { pattern, rule } = aggregate.id ?? DEFAULT_ID
  if (typeof value !== 'string' || !pattern.test(value)) throw refuse(aggregate.name, 'id', `must be ${rule}`)
  return value
}

const POSITION_MAX = 9_223_372_036_854_775_807n

/** @throws Problem `invalid-parameter` */
export function parsePosition(name: string, value: unknown): bigint {
  if (typeof value !== 'string' || !/^\d{1,19}$/.test(value) || BigInt(value) > POSITION_MAX)
    throw refuse(name, 'position', 'must be a position: digits as an answer gave them')
  return BigInt(value)
}

/** `If-Match`: a stream's revision, with or without quotes. @throws Problem `invalid-parameter` */
export function parseIfMatch(value: string | undefined): bigint | undefined {
  if (value === undefined) return undefined
  const match = /^(?:W\/)?"?(\d{1,18})"?$/.exec(value.trim())
  if (match?.[1] === undefined) throw refuse('If-Match', 'revision', 'must be a revision such as "12"')
  return BigInt(match[1])
}

/** `Idempotency-Key`, and the `key` of a bulk line. @throws Problem `invalid-parameter` */
export function checkKey(name: string, value: unknown): string {
  if (typeof value !== 'string' || !/^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(value))
    throw refuse(name, 'key', 'must be 1 to 255 printable ASCII characters')
  return value
}
