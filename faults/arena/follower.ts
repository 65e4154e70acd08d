import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { identityFolder } from '#local-runtime'
import { projectRoot } from '#runtime'
import { type HandedBatch } from '#testing'
import { batchOf } from '../client/batch-line.js'
import { Child } from './child.js'
import { type Ground } from './ground.js'
import { headOf } from './read-log.js'

/** One process that follows the log from its beginning, as a projector does. */
export class FollowerProcess {
  readonly child: Child
  private readonly file: string
  private position = 0n

  constructor(
    readonly name: string,
    writers: readonly string[],
    private readonly ground: Ground,
  ) {
    this.file = join(ground.layout.root, `${name}.ndjson`)
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
    await this.child.stop()
  }

  async batches(): Promise<readonly HandedBatch[]> {
    const batches: HandedBatch[] = []
    for await (const line of createInterface({ input: createReadStream(this.file) })) batches.push(batchOf(line))
    return batches
  }

  async kill(): Promise<void> {
    await this.child.kill()
  }
}
