import { type ValidationError, validateSync } from 'class-validator'
import { type DtoClass, type FieldError } from '#domain-kit'
import { Problem, type ProblemCode } from '#runtime'
import { isSurelyValid } from './compiled.js'
import { fieldIn } from './field-path.js'
import { instanceOf, unknownField } from './instance.js'
import { shapeFaults } from './shape.js'

export type Source = 'body' | 'query' | 'path'
const ERRORS_MAX = 50

/**
 * Checks a value against its DTO class: unknown fields are refused, every broken rule is named with its field.
 *
 * @returns the value itself, not an instance: what is stored and hashed is what was sent.
 * @throws Problem `invalid-body`, or `invalid-parameter` for a query or path.
 */
export function validateDto<T extends object>(dto: DtoClass<T>, value: unknown, source: Source): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(source, [{ field: '', rule: 'object', message: `the ${source} must be a JSON object` }])
  if (isSurelyValid(dto, value)) return value as T
  const faults = faultsOf(dto, value)
  if (faults.length > 0) throw invalid(source, faults)
  return value as T
}

/**
 * What no DTO class takes, of a body that is passed on to whoever has the class: writing it down again must survive.
 *
 * @throws Problem `invalid-body`
 */
export function checkShape(body: object): void {
  const faults = shapeFaults(body)
  if (faults.length > 0) throw invalid('body', faults)
}

/** What class-validator finds wrong, and what it would not find. */
export function faultsOf(dto: DtoClass, value: object): readonly FieldError[] {
  const faults = shapeFaults(value)
  if (faults.length > 0) return faults
  const unknown: FieldError[] = []
  const errors = validateSync(instanceOf(dto, value, unknown), {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
    validationError: { target: false, value: false },
  })
  return [...unknown, ...flatten(errors, '')]
}

function invalid(source: Source, errors: readonly FieldError[]): Problem {
  const code: ProblemCode = source === 'body' ? 'invalid-body' : 'invalid-parameter'
  const detail = errors
    .map(({ message }) => message)
    .slice(0, 3)
    .join('; ')
  return Problem.of(code, detail, { errors: errors.slice(0, ERRORS_MAX) })
}

/** One error a rule, with the path of its field: `postings.1.amount`. */
function flatten(errors: readonly ValidationError[], prefix: string): FieldError[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const field = fieldIn(prefix, property)
    const own = Object.entries(constraints).map(([rule, message]) =>
      rule === 'whitelistValidation'
        ? unknownField(field)
        : { field, rule, message: message.startsWith(property) ? field + message.slice(property.length) : message },
    )
    return [...own, ...flatten(children, field)]
  })
}
