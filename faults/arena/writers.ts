import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identityFolder } from '#local-runtime'
import { projectRoot } from '#runtime'
import { eventually, freePort } from '#testing'
import { Child } from './child.js'
import { type Ground } from './ground.js'
import { PATIENCE_MS } from './patience.js'

/** What a few clients must come to: the least names that make a run, and a batch that is sent while another is on its way. */
const SMALL = { HEADWATER_FAULT_NAMES_PER_RUN: '512', HEADWATER_FAULT_EARLY_EVENTS_MIN: '2' }

/** Loaded before a writer's own modules. */
const PARENT = 'faults/arena/die-with-parent.js'
const BROKEN = 'libs/event-store/src/fixtures/broken-writer.js'

/** Asking the writers how they are shall cost them nothing. */
const LOOK_MS = 50

export type Point = 'before-commit' | 'after-commit' | 'in-takeover'

interface Readiness {
  readonly ready: boolean
  readonly facts: { readonly leader: boolean }
}

/** One event-writer process as the product runs it, started again under the same name as often as need be. */
export class WriterProcess {
  /** The last is the one that runs, if any does. */
  readonly children: Child[] = []

  private constructor(
    readonly name: string,
    readonly linkPort: number,
    private readonly port: number,
    private readonly env: Readonly<Record<string, string>>,
    private readonly log: string,
    private readonly preloaded: readonly string[],
  ) {}

  static async open(name: string, ground: Ground, bug: string | undefined): Promise<WriterProcess> {
    const [linkPort, port] = [await freePort(), await freePort()]
    const env = {
      ...ground.env,
      HEADWATER_INSTANCE: name,
      HEADWATER_IDENTITY: identityFolder(ground.layout, name),
      HEADWATER_LINK_PORT: String(linkPort),
      HEADWATER_PORT: String(port),
      HEADWATER_LEASE_MS: String(ground.lease_ms),
      HEADWATER_FAULT_POINTS: pointsOf(ground),
      ...SMALL,
      ...(bug === undefined ? {} : { HEADWATER_FAULT_BUG: bug }),
    }
    await mkdir(pointsOf(ground), { recursive: true })
    const preloaded = bug === undefined ? [PARENT] : [PARENT, BROKEN]
    return new WriterProcess(name, linkPort, port, env, join(ground.layout.logs, `${name}.log`), preloaded)
  }

  get isRunning(): boolean {
    return this.child?.isRunning ?? false
  }

  get child(): Child | undefined {
    return this.children.at(-1)
  }

  get ended_ms(): number | undefined {
    return this.child?.ended_ms
  }

  start(): void {
    if (this.isRunning) return
    const built = (path: string): string => join(projectRoot(), 'dist', path)
    const module = built('apps/event-writer/src/main.js')
    const nodeArgs = this.preloaded.flatMap((each) => ['--import', built(each)])
    this.children.push(new Child({ name: this.name, module, nodeArgs, env: this.env, log: this.log }))
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.signal(signal)
  }

  async kill(): Promise<void> {
    await this.child?.kill()
  }

  /** What it says of itself; undefined when it does not answer. */
  async readiness(): Promise<Readiness | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}/readyz`, { signal: AbortSignal.timeout(2_000) })
      return (await response.json()) as Readiness
    } catch {
      return undefined
    }
  }
}

const pointsOf = ({ layout }: Ground): string => join(layout.root, 'points')

/** All writers of one test. */
export class Writers {
  private constructor(
    readonly all: readonly WriterProcess[],
    private readonly ground: Ground,
  ) {}

  static async open(names: readonly string[], ground: Ground, bug?: string): Promise<Writers> {
    const all: WriterProcess[] = []
    for (const name of names) all.push(await WriterProcess.open(name, ground, bug))
    return new Writers(all, ground)
  }

  /** Starts those that are dead, and waits until one leads and all others stand by. @returns the leader. */
  async complete(): Promise<WriterProcess> {
    return this.ready(this.all.length - 1)
  }

  /** Starts those that are dead, and waits until one leads and at least so many stand by. @returns the leader. */
  async ready(standbys: number): Promise<WriterProcess> {
    return eventually(
      `one writer leads and ${standbys} stand by`,
      async () => {
        for (const each of this.all) each.start()
        const all = await Promise.all(this.all.map((each) => each.readiness()))
        const leaders = this.all.filter((_, at) => all[at]?.facts.leader === true)
        const ready = all.filter((each) => each?.ready === true)
        if (leaders.length === 1 && ready.length > standbys) return leaders[0]
        await sleep(LOOK_MS)
        return undefined
      },
      { timeout_ms: PATIENCE_MS },
    )
  }

  /** The next writer that comes to this point dies there. @returns when it has, on the shared clock. */
  async strikeAt(point: Point): Promise<number> {
    await this.arm(point)
    return this.struck(point)
  }

  async arm(point: Point): Promise<void> {
    await writeFile(join(pointsOf(this.ground), point), '')
  }

  async struck(point: Point): Promise<number> {
    const file = join(pointsOf(this.ground), point)
    return eventually(
      `a writer dies at ${point}`,
      () => {
        if (existsSync(file)) return undefined
        const died = this.all.find(({ child }) => child?.hasFailed && child.end === 'SIGKILL')?.child
        died?.mean('SIGKILL')
        return died?.ended_ms
      },
      { timeout_ms: PATIENCE_MS },
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((each) => each.kill()))
    await rm(pointsOf(this.ground), { recursive: true, force: true })
  }
}
