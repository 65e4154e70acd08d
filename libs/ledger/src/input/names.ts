import { Matches, ValidateBy, type ValidationOptions } from 'class-validator'
import { DEFAULT_ID, isDecimal } from '#domain-kit'

/** Longest amount, in digits before and after the point together. */
export const AMOUNT_DIGITS_MAX = 128

/** Control characters: C0, DEL and C1. With `lines`, newline and tab are let through. */
function hasControl(value: string, lines: boolean): boolean {
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i)
    const isControl = unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)
    if (isControl && !(lines && (unit === 0x0a || unit === 0x09))) return true
  }
  return false
}

/** Without surrogates and control characters: one code point for each UTF-16 unit, and nothing to find fault with. */
function isSimple(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i)
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f) || (unit >= 0xd800 && unit <= 0xdfff)) return false
  }
  return true
}

/** Length as people count it: Unicode code points. */
function codePoints(value: string): number {
  let count = 0
  for (const _ of value) count++
  return count
}

interface TextRule {
  readonly min: number
  readonly max: number
  readonly lines?: boolean
}

/** Why `value` is not a text of this rule, or undefined when it is. */
export function textFault(value: unknown, { min, max, lines = false }: TextRule): string | undefined {
  if (typeof value !== 'string') return 'must be a string'
  if (value.length >= min && value.length <= max && isSimple(value)) return undefined
  if (!value.isWellFormed()) return 'must be well-formed Unicode (it holds a lone surrogate)'
  if (hasControl(value, lines)) return `must not hold control characters${lines ? ' other than newline and tab' : ''}`
  const length = codePoints(value)
  if (length < min || length > max) return `must be ${min} to ${max} characters long, not ${length}`
  return undefined
}

/** Any well-formed Unicode without control characters, compared exactly, never normalized. */
export function IsText(rule: TextRule, options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: rule.lines ? 'isLines' : 'isText',
      constraints: [{ jsonSchema: { type: 'string', minLength: rule.min, maxLength: rule.max } }],
      validator: {
        validate: (value) => textFault(value, rule) === undefined,
        defaultMessage: (args) => `${args?.property ?? 'value'} ${textFault(args?.value, rule) ?? 'is not a text'}`,
      },
    },
    options,
  )
}

/** A book's name: {@link DEFAULT_ID}. */
export const IsBookName = (): PropertyDecorator =>
  Matches(DEFAULT_ID.pattern, { message: `$property must be ${DEFAULT_ID.rule}` })
export const IsAccountName = (): PropertyDecorator => IsText({ min: 1, max: 255 })
/** May be empty: real journals hold amounts without a commodity. */
export const IsCommodity = (): PropertyDecorator => IsText({ min: 0, max: 64 })
export const IsId = (): PropertyDecorator => IsText({ min: 1, max: 128 })
/** A description or comment: at most 4,000 characters, newline and tab allowed. */
export const IsProse = (): PropertyDecorator => IsText({ min: 0, max: 4000, lines: true })

/** Whatever stands there beside signs and points; of a value that is far too long, all. */
function digitsOf(value: string): number {
  return value.length > AMOUNT_DIGITS_MAX + 2 ? value.length : value.replaceAll(/[-.]/g, '').length
}

interface AmountRule {
  readonly nonNegative?: boolean
  /** Above zero. */
  readonly positive?: boolean
}

function amountFault(value: unknown, { nonNegative = false, positive = false }: AmountRule): string | undefined {
  if (typeof value !== 'string') return 'must be a string such as "-12.50", so that no digit is lost'
  if (value.length > AMOUNT_DIGITS_MAX && digitsOf(value) > AMOUNT_DIGITS_MAX)
    return `must have at most ${AMOUNT_DIGITS_MAX} digits`
  if (!isDecimal(value)) return 'must be an optional "-", digits, and an optional "." with digits'
  if (nonNegative && value.startsWith('-') && /[1-9]/.test(value)) return 'must not be negative'
  if (positive && (value.startsWith('-') || !/[1-9]/.test(value))) return 'must be above zero'
  return undefined
}

/** What is not negative may be a zero with a sign. */
function amountPattern({ nonNegative = false, positive = false }: AmountRule): string {
  const unsigned = '\\d+(\\.\\d+)?'
  if (positive) return `^${unsigned}$`
  return nonNegative ? `^(${unsigned}|-0+(\\.0+)?)$` : `^-?${unsigned}$`
}

/** An exact decimal as text: optional `-`, digits, optional `.` and digits; at most {@link AMOUNT_DIGITS_MAX} digits. */
export function IsAmount(rule: AmountRule = {}): PropertyDecorator {
  return ValidateBy({
    name: 'isAmount',
    constraints: [{ jsonSchema: { type: 'string', pattern: amountPattern(rule) } }],
    validator: {
      validate: (value) => amountFault(value, rule) === undefined,
      defaultMessage: (args) => `${args?.property ?? 'amount'} ${amountFault(args?.value, rule) ?? 'is not an amount'}`,
    },
  })
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function dateFault(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return 'must be a date such as "2026-11-23"'
  const [year, month, day] = [Number(value.slice(0, 4)), Number(value.slice(5, 7)), Number(value.slice(8))]
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = month === 2 && leap ? 29 : DAYS[month - 1]
  return days !== undefined && day >= 1 && day <= days ? undefined : `is not a day of the calendar: ${value}`
}

/** A day of the Gregorian calendar, `YYYY-MM-DD`. */
export function IsDay(): PropertyDecorator {
  return ValidateBy({
    name: 'isDay',
    constraints: [{ jsonSchema: { type: 'string', format: 'date' } }],
    validator: {
      validate: (value) => dateFault(value) === undefined,
      defaultMessage: (args) => `${args?.property ?? 'date'} ${dateFault(args?.value) ?? 'is not a date'}`,
    },
  })
}

const TAGS_MAX = 64

function tagsFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object of texts'
  const entries = Object.entries(value)
  if (entries.length > TAGS_MAX) return `must hold at most ${TAGS_MAX} tags`
  for (const [name, text] of entries) {
    const fault = textFault(name, { min: 1, max: 128 })
    if (fault) return `has a name that ${fault}`
    const valueFault = textFault(text, { min: 0, max: 4000, lines: true })
    if (valueFault) return `has a value, of "${name}", that ${valueFault}`
  }
  return undefined
}

/** Tags: at most 64 names (1–128 characters) with texts (at most 4,000). */
export function IsTags(): PropertyDecorator {
  return ValidateBy({
    name: 'isTags',
    constraints: [
      {
        jsonSchema: {
          type: 'object',
          maxProperties: TAGS_MAX,
          additionalProperties: { type: 'string', maxLength: 4000 },
        },
      },
    ],
    validator: {
      validate: (value) => tagsFault(value) === undefined,
      defaultMessage: (args) => `${args?.property ?? 'tags'} ${tagsFault(args?.value) ?? 'is not an object of texts'}`,
    },
  })
}
