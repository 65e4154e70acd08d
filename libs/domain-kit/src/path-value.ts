import { type Column } from './columns.js'

const WHOLE = /^(0|-?[1-9]\d{0,18})$/
const DECIMAL = /^-?(0|[1-9]\d{0,999})(\.\d{1,1000})?$/

const isWhole = (given: string, bits: number): boolean =>
  WHOLE.test(given) && BigInt.asIntN(bits, BigInt(given)) === BigInt(given)

/**
 * Why this text, written in a path, is no value of the column, in words that follow the parameter's name; undefined when it is one. A number is
 * written in one way: a row has one path, one place in the cache, and one name for who watches it.
 */
export function pathFault({ type }: Column, given: string): string | undefined {
  switch (type) {
    case 'integer':
      return isWhole(given, 32) ? undefined : 'must be a whole number of 32 bits, without "+" or leading zeros'
    case 'bigint':
      return isWhole(given, 64) ? undefined : 'must be a whole number of 64 bits, without "+" or leading zeros'
    case 'numeric':
      return DECIMAL.test(given) ? undefined : 'must be a decimal number such as 1.50, without "+" or leading zeros'
    case 'boolean':
      return given === 'true' || given === 'false' ? undefined : 'must be true or false'
    case 'text':
    case 'json':
      return undefined
  }
}
