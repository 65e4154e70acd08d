import { checkBound } from '../limits.js'
import { type AppendRequest, type Expected, type StoreLimits, type StreamWrite } from '../port.js'
import { checkStreamName } from '../stream-name.js'
import { ByteSink } from './byte-sink.js'
import { writeTail } from './event-bytes.js'
import { claimDigest, commandDigest, HASH_BYTES } from './name-hash.js'
import { EXPECTATIONS, IS_BULK, type PlannedAppend } from './planned.js'
import { unpack } from './unpack.js'

/*
 * How an append reaches the writer, whether it crosses a link or not:
 *   flags, hash of the key,
 *   counts of claims, checks and writes, hashes of the claims,
 *   for each check   expectation, stream
 *   for each write   expectation, stream, tip or not, number of events, bytes of their tails, tails
 * Whatever changes its meaning raises the link's protocol version. `unpack.ts` reads it.
 */

/** Writes appends as bytes, one behind the other. */
export class Packer {
  private readonly sink = new ByteSink(16_384)

  constructor(private readonly limits: StoreLimits) {}

  get length(): number {
    return this.sink.length
  }

  /** Appends it. @throws StoreLimitExceeded, InvalidStreamName, RangeError: nothing of it is left. RangeError also without an event for the target. */
  add(request: AppendRequest): void {
    const { sink } = this
    const before = sink.length
    try {
      const { commandId, writes, claims = [], checks = [], priority } = request
      // Its key would be remembered with the place of somebody else's event.
      if (!writes[0] || writes[0].events.length === 0) throw new RangeError('an append writes at least one event')
      checkBound(this.limits, 'events_per_append', eventsIn(writes))
      checkBound(this.limits, 'claims_per_append', claims.length)
      checkBound(
        this.limits,
        'checks_per_append',
        checks.length + writes.filter(({ events }) => events.length === 0).length,
      )
      sink.byte(priority === 'bulk' ? IS_BULK : 0)
      sink.latin1(commandDigest(commandId), HASH_BYTES)
      sink.int16(claims.length)
      sink.int16(checks.length)
      sink.int16(writes.length)
      for (const claim of claims) sink.latin1(claimDigest(claim), HASH_BYTES)
      for (const { expected, stream } of checks) this.expectation(expected, stream)
      for (const [index, write] of writes.entries()) this.write(write, index === 0 ? request : undefined)
      checkBound(this.limits, 'append_size_bytes', sink.length - before)
    } catch (error) {
      sink.cut(before)
      throw error
    }
  }

  /** All of them, which are then forgotten. */
  take(): Buffer {
    return this.sink.take()
  }

  private expectation(expected: Expected, stream: string): void {
    const isRevision = typeof expected === 'bigint'
    checkStreamName(stream)
    this.sink.byte(EXPECTATIONS.indexOf(isRevision ? 'revision' : expected))
    if (isRevision) this.sink.double(Number(expected))
    checkBound(this.limits, 'stream_name_bytes', this.sink.text(stream))
  }

  /** The last event of the first write says which command it was. */
  private write({ stream, expected, tip, events }: StreamWrite, command: AppendRequest | undefined): void {
    const { sink } = this
    this.expectation(expected, stream)
    sink.byte(tip === undefined ? 0 : 1)
    if (tip !== undefined) sink.uuid(tip)
    sink.int16(events.length)
    const lengthAt = sink.length
    sink.int32(0)
    for (const [index, event] of events.entries()) {
      if (event.type.includes('\0')) throw new RangeError('the type of an event must not hold NUL')
      const metadata = JSON.stringify(event.metadata)
      const isLast = command !== undefined && index === events.length - 1
      const data = JSON.stringify(event.data)
      const bytes = writeTail(sink, stream, event, data, isLast ? withCommand(metadata, command) : metadata)
      checkBound(this.limits, 'event_size_bytes', bytes)
    }
    sink.patchInt32(sink.length - lengthAt - 4, lengthAt)
  }
}

function eventsIn(writes: readonly StreamWrite[]): number {
  let events = 0
  for (const write of writes) events += write.events.length
  return events
}

/** Metadata of an append's last event also says which command it was; clients see `$command` too: it is no secret. */
export function withCommand(metadata: string, { commandId, requestHash }: Command): string {
  const command = `"$command":{"key":${JSON.stringify(commandId.key)},"hash":${JSON.stringify(requestHash)}}`
  return metadata === '{}' ? `{${command}}` : `${metadata.slice(0, -1)},${command}}`
}

type Command = Pick<AppendRequest, 'commandId' | 'requestHash'>

/** One append, ready for the writer in this process. */
export function plan(request: AppendRequest, limits: StoreLimits): PlannedAppend {
  const packer = new Packer(limits)
  packer.add(request)
  const [planned] = unpack(packer.take())
  if (!planned) throw new RangeError('an append writes to at least one stream')
  return planned
}
