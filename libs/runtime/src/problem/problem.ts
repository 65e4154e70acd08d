import { type FieldError } from '#domain-kit'
import { PROBLEMS, type ProblemCode } from './catalogue.js'

/** RFC 9457. `code` is the stable name; `type` holds it as a URN. */
export interface ProblemDetails {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly instance: string
  readonly errors?: readonly FieldError[]
}

export interface ProblemOptions {
  readonly errors?: readonly FieldError[] | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Seconds; 429 and 503 carry 1 when nothing else is said. */
  readonly retryAfter_s?: number
}

/** What a client is told when it cannot have what it asked for. Shells (REST, socket, bulk) render it; nothing else does. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly errors: readonly FieldError[] | undefined
  readonly headers: Readonly<Record<string, string>>

  private constructor(
    readonly code: string,
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    options: ProblemOptions,
  ) {
    super(detail)
    this.errors = options.errors
    const retry = status === 429 || status === 503 ? { 'retry-after': String(options.retryAfter_s ?? 1) } : {}
    const challenge = status === 401 ? { 'www-authenticate': 'Bearer' } : {}
    this.headers = { ...challenge, ...retry, ...options.headers }
  }

  static of(code: ProblemCode, detail: string, options: ProblemOptions = {}): Problem {
    const { status, title } = PROBLEMS[code]
    return new Problem(code, status, title, detail, options)
  }

  /** A domain's no. */
  static rejection(
    rejection: {
      code: string
      status: number
      title: string
      detail: string
      errors?: readonly FieldError[] | undefined
    },
    options: Omit<ProblemOptions, 'errors'> = {},
  ): Problem {
    const { code, status, title, detail, errors } = rejection
    return new Problem(code, status, title, detail, { ...options, errors })
  }

  details(instance: string): ProblemDetails {
    const { title, status, code, detail, errors } = this
    return {
      type: `urn:headwater:problem:${code}`,
      title,
      status,
      code,
      detail,
      instance,
      ...(errors ? { errors } : {}),
    }
  }
}
