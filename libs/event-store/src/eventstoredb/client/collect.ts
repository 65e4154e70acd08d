import { CancelledError, type ResolvedEvent, type StreamingRead, StreamNotFoundError } from '@eventstore/db-client'
import { type Connection } from './connection.js'

/**
 * All events of a bounded read; none of a stream that nobody wrote. Every listener is there before anything can happen: a
 * read without an error listener ends the process.
 */
export async function collect(
  connection: Connection,
  read: StreamingRead<ResolvedEvent>,
  goesOn: () => void = () => undefined,
): Promise<readonly ResolvedEvent[]> {
  const events: ResolvedEvent[] = []
  await new Promise<void>((resolve, reject) => {
    read.on('data', (event: ResolvedEvent) => {
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
  return events
}
