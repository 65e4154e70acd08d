import { type DtoClass, type FieldError } from '#domain-kit'
import { type Source, validateDto } from '#http-api'
import { Problem } from '#runtime'

/** What is wrong with a value, told as to a client; empty when it is taken, which hands on the value itself. */
export function faultsOf(dto: DtoClass, value: unknown, source: Source = 'body'): readonly FieldError[] {
  try {
    if (validateDto(dto, value, source) !== value) throw new Error('what was validated is not what was sent')
    return []
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 400) throw error
    return error.errors ?? []
  }
}

/** The same, each as `field rule`. */
export const faultNamesOf = (dto: DtoClass, value: unknown, source: Source = 'body'): string[] =>
  faultsOf(dto, value, source).map(({ field, rule }) => `${field} ${rule}`)
