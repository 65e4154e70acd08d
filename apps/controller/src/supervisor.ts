import { type LocalPlan } from '#local-runtime'
import { type Logger } from '#runtime'
import { Supervised } from './supervised.js'

const TICK_MS = 500
const WAVE_MS_MAX = 60_000

/** Starts everything in order, keeps it running, stops it in order. Whoever runs already is adopted, not started twice. */
export class Supervisor {
  readonly processes: readonly Supervised[]
  private timer: NodeJS.Timeout | undefined
  private stopping: Promise<void> | undefined

  constructor(
    private readonly plan: LocalPlan,
    private readonly logger: Logger,
  ) {
    this.processes = plan.components.map((each) => new Supervised(each, plan.layout, logger))
  }

  /**
   * Resolves when every wave was started, or none is to be any more; a wave that does not become ready in a minute does not hold up
   * the next.
   */
  async start(): Promise<void> {
    this.timer = setInterval(() => {
      for (const each of this.processes) void each.tick()
    }, TICK_MS)
    for (const names of this.plan.startOrder) {
      if (this.stopping) return
      const wave = this.processes.filter(({ component }) => names.includes(component.name))
      // Not waited for: before one is started, a whole database may have to be copied.
      for (const each of wave) void each.start()
      await this.ready(wave.filter(({ component }) => component.role !== 'query-api'))
    }
  }

  private async ready(wave: readonly Supervised[]): Promise<void> {
    const end_ms = Date.now() + WAVE_MS_MAX
    while (!this.stopping && Date.now() < end_ms && !wave.every(({ isReady }) => isReady)) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      await Promise.all(wave.filter(({ isReady }) => !isReady).map((each) => each.tick()))
    }
  }

  /** Asks every role how it is right now: who asks for the status must not be told of half a second ago. */
  async refresh(): Promise<void> {
    await Promise.all(
      this.processes.filter(({ component }) => component.url.startsWith('http')).map((each) => each.refresh()),
    )
  }

  /** The planned stop of everything, in the stated order. */
  async stopAll(): Promise<void> {
    this.stopping ??= this.stopInOrder()
    await this.stopping
  }

  private async stopInOrder(): Promise<void> {
    clearInterval(this.timer)
    await this.refresh()
    for (const role of this.plan.stopOrder) {
      const mine = this.processes.filter(({ component }) => component.role === role)
      // Whoever leads stops last: no standby takes over what is about to end.
      for (const process of mine.sort((a, b) => Number(a.last.leader ?? false) - Number(b.last.leader ?? false))) {
        this.logger.info({ name: process.component.name }, 'stopping')
        await process.stop()
      }
    }
  }

  /** Lets go of everything: the processes run on without this one. */
  release(): void {
    clearInterval(this.timer)
  }
}
