import { type AppendRequest, type StoreLimits } from '../port.js'
import { type Verdict } from '../log/batch.js'
import { Packer } from '../log/pack.js'
import { verdictAt } from './verdicts.js'

/** A group of so many appends or bytes leaves at once: the writer has begun with it when the next one comes. */
const APPENDS_MAX = 64
const BYTES_MAX = 64 * 1024

interface Waiting {
  readonly request: AppendRequest
  resolve(verdict: Verdict): void
  reject(error: unknown): void
}

/**
 * Appends of one turn of the event loop travel as one request, and are answered together: they end up in the same batch of the
 * writer anyway, and a request each would cost more than an append does.
 */
export class AppendGroups {
  private readonly packer: Packer
  private waiting: Waiting[] = []

  /** @param send takes packed appends and answers as `VerdictCollector` does. */
  constructor(
    private readonly send: (appends: Buffer) => Promise<Buffer>,
    limits: StoreLimits,
  ) {
    this.packer = new Packer(limits)
  }

  /** @throws StoreLimitExceeded, RangeError: nothing was sent. Rejects with what `send` does, or as {@link verdictAt} says. */
  async append(request: AppendRequest): Promise<Verdict> {
    this.packer.add(request)
    return new Promise<Verdict>((resolve, reject) => {
      this.waiting.push({ request, resolve, reject })
      if (this.waiting.length === 1) process.nextTick(() => this.flush())
      else if (this.waiting.length >= APPENDS_MAX || this.packer.length >= BYTES_MAX) this.flush()
    })
  }

  /** For an append that goes another way: what waits here leaves at once when any of it writes to the same stream, as it came first. */
  leaveBefore({ writes }: AppendRequest): void {
    const isSame = (stream: string): boolean => writes.some((write) => write.stream === stream)
    if (this.waiting.some(({ request }) => request.writes.some(({ stream }) => isSame(stream)))) this.flush()
  }

  private flush(): void {
    const { waiting } = this
    if (waiting.length === 0) return
    this.waiting = []
    void this.ask(this.packer.take(), waiting)
  }

  private async ask(appends: Buffer, waiting: readonly Waiting[]): Promise<void> {
    let answer: Buffer
    try {
      answer = await this.send(appends)
    } catch (error) {
      for (const each of waiting) each.reject(error)
      return
    }
    for (const [index, { request, resolve, reject }] of waiting.entries())
      try {
        resolve(verdictAt(answer, index, request))
      } catch (error) {
        reject(error)
      }
  }
}
