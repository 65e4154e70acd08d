import { CancelledError, type ResolvedEvent, type StreamingRead, StreamNotFoundError } from '@eventstore/db-client'
import { weightOf } from '../../weight.js'
import { type Connection } from './connection.js'

/** Of what one read brings; one event is taken however large it is. */
const PAGE_BYTES = 16 * 1024 * 1024

export interface Collected {
  readonly events: readonly ResolvedEvent[]
  /** There may be more: the read was ended because of their size. */
  readonly isCut: boolean
}

/**
 * The events of a bounded read, up to 16 MiB of them; none of a stream that nobody wrote. Every listener is there before anything can
 * happen: a read without an error listener ends the process.
 */
export async function collect(
  connection: Connection,
  read: StreamingRead<ResolvedEvent>,
  goesOn: () => void = () => undefined,
): Promise<Collected> {
  const events: ResolvedEvent[] = []
  let [bytes, isCut] = [0, false]
  await new Promise<void>((resolve, reject) => {
    read.on('data', (event: ResolvedEvent) => {
      if (isCut) return
      bytes += weightOf(event.event?.data, event.event?.metadata)
      if (events.length > 0 && bytes > PAGE_BYTES) {
        isCut = true
        void read.cancel()
        return resolve()
      }
      events.push(event)
      goesOn()
    })
    read.on('error', (error) => {
      if (error instanceof StreamNotFoundError) resolve()
      else reject(error)
    })
    read.on('end', () => resolve())
    read.on('close', () => resolve())
  })
  // The client hides the cancellation of its own reads: they just end early.
  if (connection.isOver) throw new CancelledError(undefined, 'the connection was replaced while it was read from')
  return { events, isCut }
}
