/** A value that survives JSON unchanged. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** `T` where it survives JSON unchanged, fields that may be missing included; else a type that it does not fit. */
type JsonOf<T> = T extends Json | undefined
  ? T
  : T extends bigint | symbol | ((...given: never) => unknown)
    ? never
    : { readonly [K in keyof T]: JsonOf<T[K]> }

/** What a domain writes down for one kind of event: a member of the union handed to {@link aggregate}. */
export interface EventShape {
  readonly type: string
  readonly data: object
}

/** The data of the member of the union `E` whose type is `T`. */
export type DataOf<E extends EventShape, T extends E['type']> = Extract<E, { type: T }>['data']

/** The types of events whose data the log would hold as something else: a Date, a Map, a bigint. */
export type NotJson<E extends EventShape> = {
  [T in E['type']]: [DataOf<E, T>] extends [JsonOf<DataOf<E, T>>] ? never : T
}[E['type']]

/** Who and what led to an event. Everything here is data; nothing is read from a clock or a thread. */
export interface EventMetadata {
  /** Of everything that one thing from outside led to. */
  readonly correlationId?: string
  /** What led to this event: the key of its command, the event that a process manager answered, or what the sender named. */
  readonly causationId?: string
  /** Subject of the token. */
  readonly actor?: string
  /** W3C trace context. */
  readonly traceparent?: string
}

/** An event as it stands in the log. `position` is its place in the whole log, `revision` its place in its stream. */
export interface RecordedEvent<E extends EventShape = EventShape> {
  readonly id: string
  readonly type: E['type']
  readonly data: E['data']
  /** Version of the event's schema when it was written; upcasters bring it to the current one. */
  readonly version: number
  readonly stream: string
  readonly aggregate: string
  readonly aggregateId: string
  readonly revision: bigint
  readonly position: bigint
  /** ISO 8601, set by the writer; never decreases with position. */
  readonly time: string
  readonly metadata: EventMetadata
}

/** A recorded event narrowed to one type of the union, so that `type` tells `data`. */
export type RecordedOf<E extends EventShape> = E extends EventShape
  ? Omit<RecordedEvent<E>, 'type' | 'data'> & { readonly type: E['type']; readonly data: E['data'] }
  : never

/** `book-main` → `{ aggregate: 'book', aggregateId: 'main' }`. The first hyphen separates; an id may hold more. */
export function parseStream(stream: string): { aggregate: string; aggregateId: string } {
  const hyphen = stream.indexOf('-')
  if (hyphen < 1) throw new RangeError(`stream "${stream}" is not named aggregate-id`)
  return { aggregate: stream.slice(0, hyphen), aggregateId: stream.slice(hyphen + 1) }
}

/** The stream of one aggregate instance. */
export function streamOf(aggregate: string, id: string): string {
  return `${aggregate}-${id}`
}
