import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { identityFolder, projectRoot } from '#local-runtime'
import { eventually, type LogEvent } from '#testing'
import { Child } from './child.js'
import { type Ground } from './ground.js'
import { headOf } from './read-log.js'
import { PATIENCE_MS } from './patience.js'

/** What a follower saw that it should not have: an event left out, twice, or out of its place. */
export interface Missed {
  readonly count: number
  readonly first: string | undefined
}

/** One process that follows the log from its beginning, as a projector does. */
export class FollowerProcess {
  private readonly child: Child
  private readonly file: string
  private position = 0n

  constructor(
    readonly name: string,
    writers: readonly string[],
    private readonly ground: Ground,
  ) {
    this.file = join(ground.layout.root, `${name}.txt`)
    this.child = new Child({
      name,
      module: join(projectRoot(), 'dist', 'faults', 'client', 'follow.js'),
      args: [name, this.file],
      env: {
        ...ground.env,
        HEADWATER_WRITER: writers.join(','),
        HEADWATER_IDENTITY: identityFolder(ground.layout, name),
        EVENT_STORE_POOL: '1',
      },
      log: join(ground.layout.logs, `${name}.log`),
    })
    this.child.onMessage((message) => (this.position = BigInt((message as { position: string }).position)))
  }

  signal(signal: NodeJS.Signals): void {
    this.child.signal(signal)
  }

  /** It takes no further batch, though its process goes on. */
  hold(): void {
    this.child.send('hold')
  }

  goOn(): void {
    this.child.send('go on')
  }

  /** Until it has seen what is the end of the log now. @throws Error when that takes too long. */
  async caughtUp(): Promise<void> {
    const head = await headOf(this.ground.url)
    await this.child.until(`${this.name} has come to position ${head}`, () => this.position >= head)
  }

  async stop(): Promise<void> {
    this.child.send('stop')
    await eventually(`${this.name} has stopped`, () => !this.child.isRunning, { timeout_ms: PATIENCE_MS })
  }

  /** Holds what it saw against the log: the same events, each once, in order. */
  async missed(log: readonly LogEvent[]): Promise<Missed> {
    let at = 0
    let count = 0
    let first: string | undefined
    for await (const id of createInterface({ input: createReadStream(this.file) })) {
      const expected = log[at]
      at += 1
      if (expected?.id === id) continue
      count += 1
      first ??= `${this.name} saw ${id} in the place of ${expected?.id ?? 'nothing'}`
    }
    if (at < log.length) first ??= `${this.name} saw ${at} of ${log.length} events`
    return { count: count + Math.max(0, log.length - at), first }
  }

  async kill(): Promise<void> {
    await this.child.kill()
  }
}
