import { randomUUID } from 'node:crypto'

/** What travels with one request through a process, and from there into log lines and event metadata. */
export interface RequestContext {
  readonly correlationId: string
  /** What led to this request, as its sender says. */
  readonly causationId?: string
  readonly traceparent?: string
}

const CONTEXT = Symbol('request context')
interface Carrier {
  [CONTEXT]?: RequestContext
}

/** The request carries its context as data: an AsyncLocalStorage would make every promise of the process dearer. */
export function attachContext(request: object, context: RequestContext): void {
  ;(request as Carrier)[CONTEXT] = context
}

export function contextOf(request: object): RequestContext | undefined {
  return (request as Carrier)[CONTEXT]
}

const ID = /^[A-Za-z0-9._:-]{1,128}$/
/** Version ff, and ids of nothing but zeros, are invalid. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/**
 * From a request's headers `x-correlation-id`, `x-causation-id` and `traceparent` (W3C). A correlation id that is missing or malformed
 * is made new, the others are left out then: nothing malformed is passed on.
 */
export function contextFrom(headers: Readonly<Record<string, string | string[] | undefined>>): RequestContext {
  const correlationId = matching(headers['x-correlation-id'], ID) ?? randomUUID()
  const causationId = matching(headers['x-causation-id'], ID)
  const traceparent = matching(headers['traceparent'], TRACEPARENT)
  if (causationId === undefined && traceparent === undefined) return { correlationId }
  return {
    correlationId,
    ...(causationId === undefined ? {} : { causationId }),
    ...(traceparent === undefined ? {} : { traceparent }),
  }
}

function matching(value: string | string[] | undefined, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined
}
