import { CommandHandler, type Snapshots } from '#commands'
import { type Domain } from '#domain-kit'
import { type EventStore } from '#event-store'
import { type Leadership } from '#leadership'
import { type Logger } from '#runtime'
import { type OpenCheckpoints } from './checkpoints.js'
import { Delivery, type DeliveryOptions } from './delivery.js'
import { Runner, type RunnerOptions, type Stuck } from './runner.js'

export interface ReactorOptions {
  readonly store: EventStore
  readonly domains: readonly Domain[]
  /** Who runs the process managers. That two owners may overlap costs nothing: their commands have the same keys. */
  readonly leadership: Leadership
  readonly checkpoints: OpenCheckpoints
  /** States of long streams, so that a command to one does not read all of it; without, it does. */
  readonly snapshots?: Snapshots
  readonly logger: Logger
  readonly onSent?: DeliveryOptions['onSent']
  readonly retry?: RunnerOptions['retry']
  readonly backoff?: DeliveryOptions['backoff']
}

export interface ProcessStatus {
  readonly name: string
  /** Last position dealt with; undefined while another instance runs it. */
  readonly position: bigint | undefined
  /** The event at which it stands still. */
  readonly stuck: Stuck | undefined
  /** Events that wait until what their targets need is restored from an archive, while others are dealt with. */
  readonly heldBack: number
  /** Why it does not go on, in words that anybody may read; undefined when it does. The log has the whole reason. */
  readonly trouble: string | undefined
}

/** Runs the process managers of the installed domains for as long as it leads; stands by otherwise. */
export class Reactor {
  private readonly runners: readonly Runner[]
  private term: AbortController | undefined
  private running: Promise<void> = Promise.resolve()

  constructor(private readonly options: ReactorOptions) {
    const { store, domains, leadership, snapshots, logger, onSent, retry, backoff } = options
    const handler = new CommandHandler({ store, ...(snapshots ? { snapshots } : {}) })
    const delivery = new Delivery({ domains, handler, ...(onSent ? { onSent } : {}), ...(backoff ? { backoff } : {}) })
    this.runners = domains.flatMap(({ processManagers }) =>
      processManagers.map((each) => new Runner(each, { store, delivery, logger, ...(retry ? { retry } : {}) })),
    )
    leadership.on('gained', (epoch) => {
      const term = new AbortController()
      this.term = term
      this.running = this.running.then(() => this.lead(epoch, term.signal))
    })
    leadership.on('lost', () => this.term?.abort())
  }

  get status(): readonly ProcessStatus[] {
    return this.runners.map(({ manager: { name }, position, stuck, heldBack, trouble }) => ({
      ...{ name, position, stuck, heldBack },
      trouble: stuck ? `stands still at position ${stuck.position.toString()}; the log says why` : trouble,
    }))
  }

  /** Finishes the commands in hand and writes the checkpoints down. Before the lease is given back. */
  async close(): Promise<void> {
    this.term?.abort()
    await this.running
  }

  private async lead(epoch: bigint, signal: AbortSignal): Promise<void> {
    const checkpoints = this.options.checkpoints(epoch)
    await Promise.all(this.runners.map((each) => each.run(checkpoints, signal)))
    await checkpoints.close()
  }
}
