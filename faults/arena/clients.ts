import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { identityFolder } from '#local-runtime'
import { projectRoot } from '#runtime'
import { type Operation, type Random } from '#testing'
import { type ClientNews } from '../client/news.js'
import { operationOf } from '../client/operation-line.js'
import { Child } from './child.js'
import { type Ground } from './ground.js'

export interface ClientPlan {
  readonly name: string
  /** Addresses of all writers, as this client shall see them. */
  readonly writers: readonly string[]
}

const STREAMS = Array.from({ length: 12 }, (_, at) => `shared-${at}`)

/** One appending process. */
export class ClientProcess {
  readonly child: Child
  private readonly file: string
  private news: ClientNews = { answered_ms: 0, refused_ms: 0 }

  constructor({ name, writers }: ClientPlan, ground: Ground, random: Random) {
    this.name = name
    this.file = join(ground.layout.root, `${name}.ndjson`)
    const plan = {
      client: name,
      seed: random.between(0, 2 ** 30),
      shared: STREAMS,
      in_flight: 8,
      pause_ms: 60,
      file: this.file,
    }
    this.child = new Child({
      name,
      module: join(projectRoot(), 'dist', 'faults', 'client', 'main.js'),
      args: [JSON.stringify(plan)],
      env: {
        ...ground.env,
        HEADWATER_WRITER: writers.join(','),
        HEADWATER_IDENTITY: identityFolder(ground.layout, name),
        EVENT_STORE_POOL: '1',
      },
      log: join(ground.layout.logs, `${name}.log`),
    })
    this.child.onMessage((message) => (this.news = message as ClientNews))
  }

  readonly name: string

  /** Until something that it asked for after this moment was acknowledged. @throws Error when that takes too long. */
  async answeredSince(at_ms: number): Promise<void> {
    await this.child.until(`${this.name} is answered again`, () => this.news.answered_ms > at_ms)
  }

  /** When it was last told to come again, or nothing, to an append that it had sent, on the shared clock. */
  get refused_ms(): number {
    return this.news.refused_ms
  }

  /** Lets it settle what it has begun, for a bounded time. */
  async stop(): Promise<void> {
    await this.child.stop()
  }

  async *operations(): AsyncGenerator<Operation> {
    for await (const line of createInterface({ input: createReadStream(this.file) })) yield operationOf(line)
  }

  async kill(): Promise<void> {
    await this.child.kill()
  }
}
