import { type DataOf, type EventShape, type RecordedEvent } from './event.js'

/** What an upcaster may look at beside the data. */
export type UpcastContext = Omit<RecordedEvent, 'type' | 'data' | 'version'>

/** Brings an event's data from one schema version to the next. Pure; name the old shape as the type of `data`. */
export type Upcaster<To extends object = object> = (data: never, event: UpcastContext) => To

/** The step of a version in which this type of event stayed as it was. */
export const unchanged = <T>(data: T): T => data

/** 1 | 2 | … up to, without, `N`; any number where `N` is not known to the compiler. */
type Below<N extends number, Seen extends readonly unknown[] = [unknown]> = number extends N
  ? number
  : Seen['length'] extends N
    ? never
    : Seen['length'] | Below<N, readonly [...Seen, unknown]>

/** `N` - 1; never where `N` is not known to the compiler. */
type Before<N extends number, Seen extends readonly unknown[] = []> = number extends N
  ? never
  : [...Seen, unknown]['length'] extends N
    ? Seen['length']
    : Before<N, [...Seen, unknown]>

type Steps<D extends object, N extends number> = {
  readonly [V in Below<N>]: Upcaster<V extends Before<N> ? D : object>
}

/**
 * How one type of event came to be what it is: for each earlier schema version the step to the next one, `{ 1: from1to2, 2: from2to3 }`;
 * the last one makes today's data. A type that did not exist from the beginning says `since` which version, and has steps from there.
 */
export type History<D extends object = object, N extends number = number> =
  (Steps<D, N> & { readonly since?: undefined }) | (Partial<Steps<D, N>> & { readonly since: number })

/** The history of every type of event; see {@link History}. */
export type Upcasters<E extends EventShape, N extends number> = {
  readonly [T in E['type']]: History<DataOf<E, T>, N>
}

/** From version 2 on an aggregate must say how its events came there. */
export type UpcastersOf<E extends EventShape, N extends number> = number extends N
  ? { readonly upcasters?: Upcasters<E, N> | undefined }
  : N extends 1
    ? { readonly upcasters?: undefined }
    : { readonly upcasters: Upcasters<E, N> }

type AnyHistory = { readonly since?: number | undefined } & { readonly [version: number]: Upcaster | undefined }

/** What {@link upcast} needs to know of an aggregate. */
export interface Versioned {
  readonly name: string
  readonly version: number
  readonly evolve: object
  readonly upcasters?: object | undefined
}

/** The log holds an event in a form that this code cannot have: written by newer code, or before its type existed. */
export class EventVersionError extends Error {
  override readonly name = 'EventVersionError'
  constructor(
    readonly event: Pick<RecordedEvent, 'type' | 'version' | 'stream' | 'revision' | 'position'>,
    /** Versions that this code can read, the first and the last. */
    readonly readable: readonly [number, number],
  ) {
    const { type, version, stream, revision, position } = event
    const [first, last] = readable
    super(
      `"${type}" at position ${position} (${stream}, revision ${revision}) has schema version ${version}, ` +
        `this code reads ${first} to ${last}: ${version > last ? 'it was written by newer code, which must read it too' : 'correct its "since"'}`,
    )
  }
}

/** @throws RangeError that names the first step that is missing or leads nowhere, and how to give it. */
export function checkUpcasters({ name, version, evolve, upcasters = {} }: Versioned): void {
  const histories = upcasters as Readonly<Record<string, AnyHistory>>
  for (const type of Object.keys(histories))
    if (!Object.hasOwn(evolve, type))
      throw new RangeError(`aggregate "${name}" has upcasters for "${type}", which evolve does not know`)
  for (const type of Object.keys(evolve)) {
    const history = Object.hasOwn(histories, type) ? histories[type] : undefined
    const about = `aggregate "${name}" is at version ${version}, but its event "${type}"`
    const since = history?.since ?? 1
    if (!Number.isInteger(since) || since < 1 || since > version)
      throw new RangeError(`${about} cannot exist since version ${since}`)
    for (let from = since; from < version; from += 1)
      if (typeof history?.[from] !== 'function')
        throw new RangeError(
          `${about} has no step from version ${from} to ${from + 1}: add upcasters.${type}[${from}], a function of the data of ` +
            `version ${from}, or "unchanged"; or say "since: ${version}" when there was no such event before`,
        )
    for (const step of Object.keys(history ?? {}))
      if (step !== 'since' && !(Number(step) >= since && Number(step) < version))
        throw new RangeError(`${about} has a step from version ${step}, which leads nowhere`)
  }
}

/**
 * An event of an aggregate as today's code knows it; the same event when it is of today's version.
 *
 * @throws EventVersionError
 */
export function upcast<E extends RecordedEvent>(of: Versioned, event: E): E {
  if (event.version === of.version) return event
  const histories = (of.upcasters ?? {}) as Readonly<Record<string, AnyHistory>>
  const history = Object.hasOwn(histories, event.type) ? histories[event.type] : undefined
  const { since = 1 } = history ?? {}
  if (event.version > of.version || event.version < since) throw new EventVersionError(event, [since, of.version])
  let { data } = event
  for (let from = event.version; from < of.version; from += 1) {
    const step = history?.[from] as ((data: object, event: UpcastContext) => object) | undefined
    // A type that evolve does not know either: whoever folds it says so.
    if (!step) return event
    data = step(data, event)
  }
  return { ...event, data, version: of.version }
}
