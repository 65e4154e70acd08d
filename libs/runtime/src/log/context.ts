import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'

/** What travels with one request through a process, and from there into log lines and event metadata. */
export interface RequestContext {
  readonly correlationId: string
  readonly traceparent?: string
}

const storage = new AsyncLocalStorage<RequestContext>()

export function runWith<T>(context: RequestContext, run: () => T): T {
  return storage.run(context, run)
}

export function currentContext(): RequestContext | undefined {
  return storage.getStore()
}

const ID = /^[A-Za-z0-9._:-]{1,128}$/
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** From a request's headers `x-correlation-id` and `traceparent` (W3C); what is malformed is replaced, never passed on. */
export function contextFrom(headers: Readonly<Record<string, string | string[] | undefined>>): RequestContext {
  const { 'x-correlation-id': given, traceparent } = headers
  const correlationId = typeof given === 'string' && ID.test(given) ? given : randomUUID()
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent)
    ? { correlationId, traceparent }
    : { correlationId }
}
