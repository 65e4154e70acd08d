import { isLosslessNumber } from 'lossless-json'

/** A value is not what the format says; `path` leads to it: `tpostings[0].pamount[1].acommodity`. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError'
  constructor(
    readonly path: string,
    readonly expected: string,
    found: unknown,
  ) {
    super(`${path === '' ? 'it' : path} must be ${expected}, and is ${describe(found)}`)
  }
}

/** A value found in the JSON together with the path to it. */
export interface Found {
  readonly path: string
  readonly value: unknown
}

/** The field of an object. A missing one is found as undefined. */
export function field(object: Found, name: string): Found {
  const { value } = object
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isLosslessNumber(value)) {
    throw new ShapeError(object.path, 'an object', value)
  }
  const path = object.path === '' ? name : `${object.path}.${name}`
  return { path, value: Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined }
}

/** The items of a list. */
export function items({ path, value }: Found): Found[] {
  if (!Array.isArray(value)) throw new ShapeError(path, 'a list', value)
  return value.map((item: unknown, index) => ({ path: `${path}[${index}]`, value: item }))
}

/** The text of a string. */
export function text({ path, value }: Found): string {
  if (typeof value !== 'string') throw new ShapeError(path, 'a string', value)
  return value
}

/** A number's digits exactly as they are written in the file. */
export function digits({ path, value }: Found): string {
  if (!isLosslessNumber(value)) throw new ShapeError(path, 'a number', value)
  return value.toString()
}

/** Whether the field is there and not null. */
export function isPresent({ value }: Found): boolean {
  return value !== undefined && value !== null
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (isLosslessNumber(value)) return `the number ${value.toString().slice(0, 40)}`
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${JSON.stringify(value).slice(0, 40)}`
}
