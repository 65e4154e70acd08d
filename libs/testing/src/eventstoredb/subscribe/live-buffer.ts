import { type streams } from '../proto.js'
import { tooSlow } from '../rpc/failures.js'
import { type Sender } from '../rpc/sender.js'

/**
 * What waits for a live subscriber. The server drops whoever falls behind by more than its buffers hold; what they
 * held is lost with the subscription.
 */
export class LiveBuffer {
  readonly #waiting: streams.ReadResp[] = []
  #wake: () => void = () => undefined

  constructor(
    private readonly sender: Sender,
    private readonly size: number,
  ) {
    sender.left.addEventListener('abort', () => this.#wake())
  }

  push(message: streams.ReadResp): void {
    if (this.#waiting.length >= this.size) this.sender.fail(tooSlow())
    else this.#waiting.push(message)
    this.#wake()
  }

  /** Sends until the subscriber leaves, or `until` holds of a message that was sent. */
  async pump(until: (sent: streams.ReadResp) => boolean = () => false): Promise<void> {
    while (!this.sender.left.aborted) {
      const message = this.#waiting.shift()
      if (message === undefined) await new Promise<void>((resolve) => (this.#wake = resolve))
      else if (!(await this.sender.send(message)) || until(message)) return
    }
  }
}
