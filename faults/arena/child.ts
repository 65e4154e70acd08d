import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { eventually, sharedClock_ms } from '#testing'
import { PATIENCE_MS } from './patience.js'

export interface ChildOptions {
  readonly name: string
  /** A built module. */
  readonly module: string
  readonly args?: readonly string[]
  readonly nodeArgs?: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly log: string
}

/** Its status, or the signal that ended it. */
type End = number | NodeJS.Signals

/** A Node process of ours, by its handle: nothing is ever looked up by name or number to be ended. */
export class Child {
  private readonly process: ChildProcess
  private endedAt_ms: number | undefined
  private meant: End | undefined

  constructor(readonly options: ChildOptions) {
    const { module, args = [], nodeArgs = [], env, log } = options
    const out = openSync(log, 'a')
    const { PATH = '', HEADWATER_TEST_RUN = '' } = process.env
    this.process = fork(module, args, {
      env: { PATH, HEADWATER_TEST_RUN, ...env },
      execArgv: [...nodeArgs],
      stdio: ['ignore', out, out, 'ipc'],
      // Of a group of its own: Ctrl-C ends the test when the round is over, not its parts in the midst of it.
      detached: true,
    })
    closeSync(out)
    this.process.once('exit', () => (this.endedAt_ms = sharedClock_ms()))
  }

  get isRunning(): boolean {
    return this.end === null
  }

  /** @throws Error when it could not be started. */
  get pid(): number {
    const { pid } = this.process
    if (pid === undefined) throw new Error(`${this.options.name} was not started`)
    return pid
  }

  /** When it ended, on the shared clock. */
  get ended_ms(): number | undefined {
    return this.endedAt_ms
  }

  /** From now on, or a moment ago: it is for the test that it ends so. */
  mean(end: End): void {
    this.meant = end
  }

  /** How it ended; null while it runs. */
  get end(): End | null {
    return this.process.exitCode ?? this.process.signalCode
  }

  /** It has ended, and not as the test meant it to. */
  get hasFailed(): boolean {
    return this.end !== null && this.end !== this.meant
  }

  onMessage(listener: (message: unknown) => void): void {
    this.process.on('message', listener)
  }

  send(message: string): void {
    if (this.process.connected) this.process.send(message)
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.process.kill(signal)
  }

  /** Until something of it has come about. @throws Error at once when it has ended, else when that takes too long. */
  async until(what: string, hasCome: () => boolean): Promise<void> {
    await eventually(what, () => hasCome() || !this.isRunning, { timeout_ms: PATIENCE_MS })
    if (hasCome()) return
    const { name, log } = this.options
    throw new Error(`${name} has ended; the last that it wrote:\n${readFileSync(log, 'utf8').slice(-2_000)}`)
  }

  /** Tells it to end when it has settled what it has begun: then its status is 0. @throws Error when that takes too long. */
  async stop(): Promise<void> {
    this.mean(0)
    this.send('stop')
    await eventually(`${this.options.name} has stopped`, () => !this.isRunning, { timeout_ms: PATIENCE_MS })
  }

  async ended(): Promise<void> {
    if (this.isRunning) await new Promise((resolve) => this.process.once('exit', resolve))
  }

  /** SIGKILL, which also ends one that is stopped. */
  async kill(): Promise<void> {
    if (this.isRunning) this.mean('SIGKILL')
    this.signal('SIGKILL')
    await this.ended()
  }
}
