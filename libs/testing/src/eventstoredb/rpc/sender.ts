import { once } from 'node:events'
import { type ServerWritableStream } from '@grpc/grpc-js'
import { type streams } from '../proto.js'
import { type Failure } from './failures.js'

export type ReadCall = ServerWritableStream<streams.ReadReq, streams.ReadResp>

/** Writes to a reading client as fast as it takes, until it leaves. */
export class Sender {
  readonly #left = new AbortController()

  constructor(private readonly call: ReadCall) {
    const leave = (): void => this.#left.abort()
    call.once('cancelled', leave)
    call.once('close', leave)
    call.on('error', leave)
  }

  /** Aborts when the client has left or the call has ended. */
  get left(): AbortSignal {
    return this.#left.signal
  }

  /** Resolves when the client takes more. @returns whether it is still there. */
  async send(message: streams.ReadResp): Promise<boolean> {
    if (this.left.aborted) return false
    if (!this.call.write(message)) await once(this.call, 'drain', { signal: this.left }).catch(() => undefined)
    return !this.left.aborted
  }

  end(): void {
    if (!this.left.aborted) this.call.end()
  }

  fail(failure: Failure): void {
    if (!this.left.aborted) this.call.emit('error', failure)
  }
}
