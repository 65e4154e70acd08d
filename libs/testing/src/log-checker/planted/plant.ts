import { type AppendRequest, type AppendResult, type EventBatch, type EventStore } from '#event-store'
import { type LogEvent } from '../history.js'

/** What a bug changes of a sound store. What it leaves out stays sound. */
export interface Plant {
  append?(request: AppendRequest): Promise<AppendResult>
  /** The log as the broken store would have it. */
  log?(events: readonly LogEvent[]): readonly LogEvent[]
  /** A batch as the broken store hands it to a follower. */
  hand?(batch: EventBatch): EventBatch
  /** The term that committed what ends at this position. Default: the one that leads. */
  term?(position: bigint): bigint
}

/** Makes one bug. `strikes` says whether it shows this time, and counts that it did. */
export type Planter = (store: EventStore, strikes: () => boolean) => Plant

export const sizeOf = ({ writes }: AppendRequest): number => writes.reduce((sum, { events }) => sum + events.length, 0)

/** Where an append would stand if it were the next: what a writer knows before it has committed. */
export async function placeAhead(store: EventStore, request: AppendRequest): Promise<AppendResult> {
  const [first] = request.writes
  const stream = first?.stream ?? ''
  let revision = -1n
  for await (const last of store.readStream(stream, { direction: 'backwards', limit: 1 })) revision = last.revision
  const added = BigInt(first?.events.length ?? 0)
  return { outcome: 'appended', stream, revision: revision + added, position: (await store.head()) + added }
}
