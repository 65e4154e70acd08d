/** Problem details (RFC 9457) as Headwater tells them; `code` is the stable name. */
export interface LiveProblem {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors?: readonly { readonly field: string; readonly rule: string; readonly message: string }[]
}

/** What cannot be mended by trying again: it is told once, and what it concerns has ended. */
export class LiveError extends Error {
  override readonly name = 'LiveError'

  constructor(
    readonly problem: LiveProblem,
    /** What was watched; undefined when it concerns the connection, and thereby everything. */
    readonly resource: string | undefined,
  ) {
    super(resource === undefined ? problem.detail : `${resource}: ${problem.detail}`)
  }
}

/** May the same be asked again after a while? */
export function isRetryable({ status }: LiveProblem): boolean {
  return status === 429 || status === 503
}

/** @returns what a server or a proxy sent, if it is a problem. */
export function problemIn(data: unknown): LiveProblem | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const { status, code, title, detail } = data as Readonly<Record<string, unknown>>
  const isProblem = typeof status === 'number' && typeof code === 'string'
  return isProblem && typeof title === 'string' && typeof detail === 'string' ? (data as LiveProblem) : undefined
}
