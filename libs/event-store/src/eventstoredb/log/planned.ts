import {
  type AppendRequest,
  type CommandId,
  type Expected,
  StoreLacksCapability,
  type StreamClaim,
} from '../../port.js'
import { checkStreamName } from '../../stream-name.js'
import { claimHash, commandHash } from '../../log/name-hash.js'
import { wireEvent, type WireEvent } from './wire-event.js'

/** A name of a stream (command key or claim) as it is looked up: a hash, in hexadecimal. */
export const keyOfCommand = (id: CommandId): string => commandHash(id).toString('hex')
export const keyOfClaim = (claim: StreamClaim): string => claimHash(claim).toString('hex')

/** An append to one stream with everything that can be computed before its turn. */
export interface Planned {
  readonly stream: string
  readonly expected: Expected
  /** Id of the event that must stand at `expected`. */
  readonly tip: string | undefined
  readonly events: readonly WireEvent[]
  readonly lastId: string
  /** Of data, metadata and types as the server counts them. */
  readonly bytes: number
  readonly command: string
  readonly claims: readonly { readonly key: string; readonly claim: StreamClaim }[]
  readonly requestHash: string
  readonly isBulk: boolean
  /** Whether a conflict is told with what stands behind the expectation. */
  readonly needsTail: boolean
}

/**
 * @throws StoreLacksCapability for what EventStoreDB cannot do in one transaction: several streams, checks on others, claims in
 *   others. @throws InvalidStreamName. @throws RangeError without an event: the server would answer with a place at which there is nothing.
 */
export function plan(request: AppendRequest): Planned {
  const { commandId, requestHash, writes, claims = [], checks = [], needsTail = true, priority } = request
  const [write, ...others] = writes
  if (!write || write.events.length === 0) throw new RangeError('an append writes at least one event')
  const { stream, expected, tip, events } = write
  checkStreamName(stream)
  const foreign = [commandId, ...claims].some((each) => each.stream !== stream)
  if (others.length > 0 || checks.length > 0 || foreign)
    throw new StoreLacksCapability('multiStreamAppends', `"${stream}" and another stream in one append`)
  const last = events.length - 1
  const command = {
    key: commandId.key,
    hash: requestHash,
    ...(claims.length === 0 ? {} : { claims: claims.map(({ name }) => name) }),
  }
  const wired = events.map((event, at) => wireEvent(event, at === last ? command : undefined))
  return {
    stream,
    expected,
    tip,
    events: wired,
    lastId: events[last]?.id ?? '',
    bytes: wired.reduce((sum, each) => sum + each.bytes, 0),
    command: keyOfCommand(commandId),
    claims: claims.map((claim) => ({ key: keyOfClaim(claim), claim })),
    requestHash,
    isBulk: priority === 'bulk',
    needsTail,
  }
}
