import { type AllStreamResolvedEvent, type ResolvedEvent } from '@eventstore/db-client'
import { isObject, type Json, type JsonObject, plain, text } from './json.js'

/** An error of the client, as the records describe it. */
export function describeError(error: unknown): JsonObject {
  if (!(error instanceof Error)) return { thrown: plain(error) }
  const { type } = error as { readonly type?: unknown }
  const { _raw, message: _, ...own } = Object.fromEntries(Object.entries(error)) as Record<string, unknown>
  return {
    class: error.constructor.name,
    name: error.name,
    ...(typeof type === 'string' ? { type } : {}),
    message: error.message,
    own_fields: plain(own),
  }
}

/** What a read returned, in the form in which the record of it was written down. */
export function describeRead(
  events: readonly (ResolvedEvent | AllStreamResolvedEvent)[],
  like: Json | undefined,
): Json {
  if (typeof like === 'number') return events.length
  const first = Array.isArray(like) ? (like as Json[])[0] : undefined
  return events.map((event) => describeEvent(event, first))
}

function describeEvent(resolved: ResolvedEvent | AllStreamResolvedEvent, like: Json | undefined): Json {
  const { event } = resolved
  if (event === undefined) throw new Error('an event without an event')
  const position = plain(event.position)
  if (isObject(like)) return plain('event' in like ? resolved : event)
  if (!Array.isArray(like)) return plain(event.revision)
  const [first, second] = like as readonly Json[]
  if (isObject(first))
    return [position, ...[event.revision, event.streamId, event.type].map(plain)].slice(0, like.length)
  if (isObject(second))
    return like.length === 2 ? [event.type, position] : [plain(event.revision), position, plain(event.position?.commit)]
  if (typeof second === 'number')
    return [plain(event.revision), event.data instanceof Uint8Array ? event.data.byteLength : null]
  return UUID.test(text(second)) ? [plain(event.revision), event.id] : [event.streamId, plain(event.revision)]
}

const UUID = /^[0-9a-f-]{36}$/
