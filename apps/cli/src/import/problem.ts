/** What is used of an RFC 9457 problem document; every field may be missing when something in between answered. */
export interface Problem {
  readonly title?: string
  readonly code?: string
  readonly detail?: string
  readonly errors: readonly string[]
}

/** Reads a problem from parsed JSON; what is not of the expected type is left out. */
export function readProblem(value: unknown): Problem {
  const found = record(value)
  const errors = Array.isArray(found['errors']) ? (found['errors'] as unknown[]) : []
  return {
    ...optionalText('title', found['title']),
    ...optionalText('code', found['code']),
    ...optionalText('detail', found['detail']),
    errors: errors.map((error) => {
      const { field, message } = record(error)
      return `${printable(field)}: ${printable(message)}`
    }),
  }
}

/** The problem in one line: what is wrong, where, and the code and status to look up. */
export function problemText(status: number, { title, code, detail, errors }: Problem): string {
  const what = detail ?? title ?? 'no reason was given'
  const where = errors.length === 0 ? '' : ` [${errors.join('; ')}]`
  return `${visible(what)}${visible(where)} (${code === undefined ? '' : `${visible(code)}, `}${status})`
}

/** Text from elsewhere made safe for one line of a terminal: control characters and line ends are written as escapes. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (char) => {
    const short = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }[char]
    return short ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
  })
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function printable(value: unknown): string {
  return typeof value === 'string' ? value : '?'
}

function optionalText<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> {
  return typeof value === 'string' ? ({ [name]: value } as Partial<Record<Name, string>>) : {}
}
