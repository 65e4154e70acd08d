import { type ResolvedEvent } from '@eventstore/db-client'
import { type EventMetadata, parseStream, type RecordedEvent } from '#domain-kit'
import { positionOf } from '../position.js'
import { type StreamNames } from './streams.js'
import { type CommandNote } from './wire-event.js'

/** An event of this log, and what its metadata says of the command that it is the last of. */
export interface Logged {
  readonly event: RecordedEvent
  readonly command: CommandNote | undefined
}

/** What the client makes of a recorded event, whatever its type. */
interface ServerEvent {
  readonly streamId: string
  readonly revision: bigint
  readonly type: string
  readonly data: unknown
  readonly metadata?: unknown
  readonly isJson: boolean
  readonly created: Date
  readonly position?: { readonly commit: bigint }
}

type OwnMetadata = EventMetadata & {
  readonly $id: string
  readonly $version: number
  readonly $command?: CommandNote
}

/** Did Headwater write it? */
function isOwn(metadata: unknown): metadata is OwnMetadata {
  if (typeof metadata !== 'object' || metadata === null) return false
  const { $id, $version } = metadata as Partial<OwnMetadata>
  return typeof $id === 'string' && typeof $version === 'number'
}

/** @returns undefined for what is not of this log: somebody else's events, and links. */
export function logged(streams: StreamNames, resolved: ResolvedEvent): Logged | undefined {
  const { event: found, link } = resolved as { readonly event?: ServerEvent; readonly link?: unknown }
  if (!found || link) return undefined
  const stream = streams.ours(found.streamId)
  if (stream === undefined || !found.isJson || !isOwn(found.metadata)) return undefined
  const { $id: id, $version: version, ...metadata } = found.metadata
  const event: RecordedEvent = {
    id,
    type: found.type,
    data: found.data as object,
    version,
    stream,
    ...parseStream(stream),
    revision: found.revision,
    position: positionOf(commitOf(resolved)),
    time: found.created.toISOString(),
    metadata,
  }
  return { event, command: metadata.$command }
}

/** Commit position of any event, ours or not. */
export function commitOf(resolved: ResolvedEvent): bigint {
  const { event, link } = resolved as { readonly event?: ServerEvent; readonly link?: ServerEvent }
  const commit = resolved.commitPosition ?? (link ?? event)?.position?.commit
  if (commit === undefined) throw new Error('an event without a position: this EventStoreDB is older than version 22')
  return commit
}

/** A stream of ours holds only what Headwater wrote. @throws Error naming the event that it did not. */
export function mustBeLogged(streams: StreamNames, resolved: ResolvedEvent): Logged {
  const own = logged(streams, resolved)
  if (own) return own
  const { event } = resolved as { readonly event?: ServerEvent }
  throw new Error(
    `event ${String(event?.revision)} of stream "${String(event?.streamId)}" was not written by Headwater`,
  )
}
