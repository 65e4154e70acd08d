/** Appends to the server that may be under way: beyond them waiting here costs less than waiting there. */
const IN_FLIGHT_MAX = 512
/**
 * And their bytes on the wire. gRPC takes the messages of one call at once up to 1 MiB that were not sent yet. Beyond that they queue in the
 * client, which ends the process over them when the call breaks: nobody handles their rejections.
 */
const BYTES_MAX = 768 * 1024
/** Interactive appends that may go before one that is sent in bulk and waits. */
const PASSED_OVER_MAX = 64

export interface Passage {
  /** On the wire, see `wireBytes`. */
  readonly bytes: number
  readonly isBulk: boolean
}

interface Waiting {
  readonly bytes: number
  enter(): void
}

/**
 * Lets a bounded number through at a time, and a bounded number of bytes; what is larger goes alone. What people wait for goes before what
 * programs send in bulk, each in its order, but nothing is overtaken for ever.
 */
export class Gate {
  private inFlight = 0
  private bytes = 0
  private passedOver = 0
  private readonly interactive: Waiting[] = []
  private readonly bulk: Waiting[] = []

  async pass<T>({ bytes, isBulk }: Passage, run: () => Promise<T>): Promise<T> {
    const queue = isBulk ? this.bulk : this.interactive
    await new Promise<void>((enter) => {
      queue.push({ bytes, enter })
      this.admit()
    })
    try {
      return await run()
    } finally {
      this.inFlight -= 1
      this.bytes -= bytes
      this.admit()
    }
  }

  private admit(): void {
    for (;;) {
      const isBulk = this.interactive.length === 0 || this.passedOver >= PASSED_OVER_MAX
      const queue = isBulk ? this.bulk : this.interactive
      const [next] = queue
      if (!next || !this.hasRoomFor(next.bytes)) return
      queue.shift()
      this.passedOver = isBulk || this.bulk.length === 0 ? 0 : this.passedOver + 1
      this.inFlight += 1
      this.bytes += next.bytes
      next.enter()
    }
  }

  private hasRoomFor(bytes: number): boolean {
    if (this.inFlight === 0) return true
    return this.inFlight < IN_FLIGHT_MAX && this.bytes + bytes <= BYTES_MAX
  }
}

/** What the protocol adds to an event's data, metadata and type: its id, its content type, lengths. */
const EVENT_BYTES = 128
/** What it adds to an append but for the stream's name: its id, what it expects, its deadline. */
const APPEND_BYTES = 128

/** Bytes of an append on the wire, a few more rather than less. @param bytes of all data, metadata and types. */
export function wireBytes(name: string, events: number, bytes: number): number {
  return APPEND_BYTES + Buffer.byteLength(name) + events * EVENT_BYTES + bytes
}
