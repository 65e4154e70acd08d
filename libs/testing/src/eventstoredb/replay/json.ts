export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json | undefined
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A recorded text; nothing for anything else. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A value of the client, written as the records write it: `5n`, bytes as base64, no empty properties. */
export function plain(value: unknown): Json {
  if (typeof value === 'bigint') return `${value.toString()}n`
  if (value instanceof Uint8Array) return { bytes: value.byteLength, base64: Buffer.from(value).toString('base64') }
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null) {
    const kept = Object.entries(value).filter(([, of]) => of !== undefined && typeof of !== 'function')
    return Object.fromEntries(kept.map(([key, of]) => [key, plain(of)]))
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}

const LONG = /^(.*)\.\.\.\((\d+) chars\)$/s

/** @returns the beginning and the length of a string that the record cut; undefined for one that it did not. */
export function cutString(recorded: string): { readonly start: string; readonly length: number } | undefined {
  const [, start, length] = LONG.exec(recorded) ?? []
  return start === undefined || length === undefined ? undefined : { start, length: Number(length) }
}
