import { Problem } from '#runtime'

/** @param message what is wrong, in words that follow the name of the field */
export function invalidParameter(field: string, rule: string, message: string): Problem {
  return Problem.of('invalid-parameter', `${field} ${message}`, {
    errors: [{ field, rule, message: `${field} ${message}` }],
  })
}
