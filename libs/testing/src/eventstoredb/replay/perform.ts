import { type ReadAllOptions, type ReadStreamOptions, type StreamMetadata } from '@eventstore/db-client'
import { describeError, describeRead } from './describe.js'
import { isObject, type Json, plain } from './json.js'
import { revive, reviveEvents } from './revive.js'
import { type Session } from './session.js'
import { type Call, type Step } from './transcript.js'

/** Calls the client as recorded, and compares the outcome with the record. */
export async function perform(session: Session, step: Step, path: string): Promise<void> {
  const { client_call: call, client_result: result, client_error: error } = step
  if (call === undefined) throw new Error(`${path} has no call`)
  try {
    const actual = await performed(session, call, result)
    if (error === undefined) session.likeness.compare(result, actual, `${path} ${call.method}`)
    else session.likeness.compare(error, { returned: actual }, `${path} ${call.method}`)
  } catch (thrown) {
    session.likeness.compare(error, describeError(thrown), `${path} ${call.method}`)
  }
}

async function performed(session: Session, { method, args }: Call, like: Json | undefined): Promise<Json> {
  const { client } = session
  const [verb] = method.split(' ')
  const stream = revive(args[0] ?? '') as string
  switch (verb) {
    case 'appendToStream': {
      const events = reviveEvents(args[1] ?? [], session.byteOf)
      return plain(await client.appendToStream(stream, events, optionsOf(session, args[2])))
    }
    case 'readStream': {
      const backwards = method.includes('backwards') ? { direction: 'backwards', fromRevision: 'end' } : {}
      const options = { ...backwards, ...optionsOf(session, args[1]) } as ReadStreamOptions
      if (method.includes('event emitter')) return heard(client.readStream(stream, options))
      return describeRead(await collect(client.readStream(stream, options)), like)
    }
    case 'readAll':
      return describeRead(await collect(client.readAll(optionsOf(session, args[0]) as ReadAllOptions)), like)
    case 'deleteStream':
      return plain(await client.deleteStream(stream, optionsOf(session, args[1])))
    case 'tombstoneStream':
      return plain(await client.tombstoneStream(stream, optionsOf(session, args[1])))
    case 'setStreamMetadata':
      return plain(await client.setStreamMetadata(stream, revive(args[1] ?? {}) as StreamMetadata))
    case 'getStreamMetadata':
      return plain(await client.getStreamMetadata(stream))
    default:
      throw new Error(`no such call: ${method}`)
  }
}

/** A recorded position becomes the one that stands for it here. */
export function optionsOf(session: Session, recorded: Json | undefined): Record<string, unknown> {
  if (!isObject(recorded)) return {}
  const { fromPosition, ...options } = revive(recorded) as Record<string, unknown>
  if (fromPosition === undefined) return options
  return { ...options, fromPosition: isPosition(fromPosition) ? translated(session, fromPosition) : fromPosition }
}

interface Position {
  readonly commit: bigint
  readonly prepare: bigint
}

const isPosition = (value: unknown): value is Position =>
  typeof value === 'object' && value !== null && 'commit' in value
const translated = ({ likeness }: Session, { commit, prepare }: Position): Position => ({
  commit: likeness.position(commit),
  prepare: likeness.position(prepare),
})

/** Which error a listener hears. */
function heard(reading: NodeJS.EventEmitter): Promise<Json> {
  return new Promise((resolve) => reading.once('error', (error: Error) => resolve([['error', error.constructor.name]])))
}

export async function collect<T>(reading: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = []
  for await (const event of reading) events.push(event)
  return events
}
