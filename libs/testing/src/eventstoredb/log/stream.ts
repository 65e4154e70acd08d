import { type LoggedEvent, NO_REVISION, TOMBSTONE_REVISION } from './event.js'
import { isMetastream, NO_METADATA, type StreamMetadata } from './stream-metadata.js'

/** One stream: its events, and which of them reads may show. */
export class Stream {
  /** By revision: nothing is ever scavenged. The tombstone is not among them. */
  readonly events: LoggedEvent[] = []
  tombstone: LoggedEvent | undefined
  metadata: StreamMetadata = NO_METADATA

  constructor(readonly name: string) {}

  /** The last revision, -1 before the first event. A soft delete does not change it. */
  get head(): bigint {
    return BigInt(this.events.length) + NO_REVISION
  }

  get softDeleted(): boolean {
    return this.metadata.truncateBefore === TOMBSTONE_REVISION
  }

  /** The first revision that reads show. A metadata stream shows its last event only. */
  firstVisible(): bigint {
    const maxCount = isMetastream(this.name) ? 1n : this.metadata.maxCount
    const byCount = maxCount === undefined ? 0n : this.head + 1n - maxCount
    return byCount > this.metadata.truncateBefore ? byCount : this.metadata.truncateBefore
  }

  at(revision: bigint): LoggedEvent | undefined {
    return revision > this.head || revision < 0n ? undefined : this.events[Number(revision)]
  }

  shows(revision: bigint): boolean {
    return revision >= this.firstVisible()
  }
}
