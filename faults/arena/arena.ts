import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, type Random, sharedClock_ms, type TemporaryPostgres } from '#testing'
import { ClientProcess } from './clients.js'
import { FollowerProcess } from './follower.js'
import { layGround, type Ground, type GroundOptions } from './ground.js'
import { PATIENCE_MS } from './patience.js'
import { Proxy } from './proxy.js'
import { leaseOf } from './read-log.js'
import { type WriterProcess, Writers } from './writers.js'

export interface ArenaOptions {
  readonly random: Random
  readonly writers: number
  readonly clients: number
  /** Processes that follow the log. Default none. */
  readonly followers?: number
  /** Put a proxy between each client and each writer. */
  readonly proxied?: boolean
  /** Default 2,000, as in the product. */
  readonly lease_ms?: number
  /** The silence that a link to a writer takes for death, in ms. Default 2,500, as in the product. */
  readonly link_dead_ms?: number
  /** The bug that all writers have; see `broken-writer.ts` of the event store. */
  readonly bug?: string
  /** What else the log's database is to have. */
  readonly prepare?: (url: string) => Promise<void>
  readonly postgres?: Pick<GroundOptions, 'postgresParent' | 'postgresSettings'>
  /** Of several arenas, one after the other. Default: one of its own. */
  readonly server?: TemporaryPostgres
}

/** A fault that was injected. Times on the shared clock. */
export interface Injected {
  readonly kind: string
  readonly at_ms: number
  /** When it was undone, if that is part of it. */
  readonly healed_ms?: number
  /** It is none unless another term has begun because of it. */
  readonly endsTerm?: boolean
  /** Clients that it hit; undefined: all. */
  readonly clients?: readonly string[]
}

/** A leader that stands still, its term, and since when on the shared clock. */
export interface Halted {
  readonly leader: WriterProcess
  readonly epoch: bigint
  readonly at_ms: number
}

/** Asking the database shall cost it nothing. */
const LOOK_MS = 50

const names = (role: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${role}-${at + 1}`)

/** Writers, clients and a Postgres of one fault test, and what was done to them. */
export class Arena {
  readonly injected: Injected[] = []

  private constructor(
    readonly random: Random,
    readonly ground: Ground,
    readonly writers: Writers,
    readonly clients: readonly ClientProcess[],
    readonly followers: readonly FollowerProcess[],
    /** Of each client, one to each writer. */
    readonly proxies: ReadonlyMap<string, readonly Proxy[]>,
  ) {}

  static async open(options: ArenaOptions): Promise<Arena> {
    const { random, proxied = false, lease_ms = 2_000, link_dead_ms, postgres = {}, server, prepare, bug } = options
    const clientNames = names('client', options.clients)
    const followerNames = names('follower', options.followers ?? 0)
    const writerNames = names('event-writer', options.writers)
    const ground = await layGround({
      writers: writerNames,
      clients: clientNames,
      followers: followerNames,
      lease_ms,
      ...(link_dead_ms === undefined ? {} : { link_dead_ms }),
      ...postgres,
      ...(server ? { server } : {}),
    })
    await prepare?.(ground.url)
    const writers = await Writers.open(writerNames, ground, bug)
    const clients: ClientProcess[] = []
    const followers: FollowerProcess[] = []
    const proxies = new Map<string, readonly Proxy[]>()
    const arena = new Arena(random, ground, writers, clients, followers, proxies)
    try {
      await writers.ready(Math.min(1, writerNames.length - 1))
      const ports = writers.all.map(({ linkPort }) => linkPort)
      const direct = ports.map((port) => `127.0.0.1:${port}`)
      for (const name of followerNames) followers.push(new FollowerProcess(name, direct, ground))
      for (const name of clientNames) {
        const mine = proxied ? await Promise.all(ports.map((port) => Proxy.open(port))) : []
        proxies.set(name, mine)
        const addresses = proxied ? mine.map(({ address }) => address) : direct
        clients.push(new ClientProcess({ name, writers: addresses }, ground, random))
      }
      for (const each of clients) await each.answeredSince(0)
      return arena
    } catch (error) {
      await arena.close()
      throw error
    }
  }

  /** Writes down a fault and waits until the clients that it hit are answered again. */
  async recovered(fault: Injected): Promise<void> {
    this.injected.push(fault)
    for (const each of this.clients)
      if (fault.clients?.includes(each.name) ?? true) await each.answeredSince(fault.at_ms)
  }

  async epoch(): Promise<bigint> {
    return (await leaseOf(this.ground.url)).epoch
  }

  /** SIGSTOP of the leader, at any moment, while at least so many stand by; of the next one when it was succeeded before it stood still. */
  async halted(standbys: number): Promise<Halted> {
    for (;;) {
      const leader = await this.writers.ready(standbys)
      await this.calm()
      leader.signal('SIGSTOP')
      const at_ms = this.now_ms()
      const { holder, epoch } = await leaseOf(this.ground.url)
      if (holder === leader.name) return { leader, epoch, at_ms }
      leader.signal('SIGCONT')
    }
  }

  /** Until a term after this one has begun. @throws Error when that takes too long. */
  async succeeded(epoch: bigint): Promise<void> {
    const isSucceeded = async (): Promise<boolean> => (await this.epoch()) > epoch || sleep(LOOK_MS, false)
    await eventually('another term begins', isSucceeded, { timeout_ms: PATIENCE_MS })
  }

  /** Until an append of any client was refused after this moment. @throws Error when that takes too long. */
  async refused(at_ms: number): Promise<void> {
    const isRefused = (): boolean => this.clients.some((each) => each.refused_ms > at_ms)
    await eventually('an append is refused', isRefused, { timeout_ms: PATIENCE_MS })
  }

  /** A while in which nothing is wrong, long enough for appends to be everywhere on their way. */
  async calm(): Promise<void> {
    await sleep(this.random.between(50, 300))
  }

  /** Who has ended though no fault meant it: whoever dies by itself is started again, and must not go unnoticed. */
  get unexpectedExits(): readonly string[] {
    const started = [...this.writers.all.flatMap(({ children }) => children)]
    for (const { child } of [...this.clients, ...this.followers]) started.push(child)
    return started.filter(({ hasFailed }) => hasFailed).map(({ options, end }) => `${options.name} has ended: ${end}`)
  }

  now_ms(): number {
    return sharedClock_ms()
  }

  async close(): Promise<void> {
    await Promise.all([...this.clients, ...this.followers].map((each) => each.kill()))
    for (const each of [...this.proxies.values()].flat()) await each.close()
    await this.writers.close()
    await this.ground.close()
  }
}
