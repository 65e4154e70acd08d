import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { eventually, sharedClock_ms } from '#testing'
import { PATIENCE_MS } from './patience.js'

export interface ChildOptions {
  readonly name: string
  /** A built module. */
  readonly module: string
  readonly args?: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly log: string
}

/** Whatever way this process ends, short of SIGKILL, it leaves none of them. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const each of running) each.kill('SIGKILL')
})

/** A Node process of ours, by its handle: nothing is ever looked up by name or number to be ended. */
export class Child {
  private readonly process: ChildProcess
  private endedAt_ms: number | undefined

  constructor(readonly options: ChildOptions) {
    const { module, args = [], env, log } = options
    const out = openSync(log, 'a')
    const { PATH = '' } = process.env
    // Of a group of its own: Ctrl-C ends the test when the round is over, not its parts in the midst of it.
    this.process = fork(module, args, { env: { PATH, ...env }, stdio: ['ignore', out, out, 'ipc'], detached: true })
    closeSync(out)
    running.add(this.process)
    this.process.once('exit', () => {
      this.endedAt_ms = sharedClock_ms()
      running.delete(this.process)
    })
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null
  }

  /** When it ended, on the shared clock. */
  get ended_ms(): number | undefined {
    return this.endedAt_ms
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

  async ended(): Promise<void> {
    if (this.isRunning) await new Promise((resolve) => this.process.once('exit', resolve))
  }

  /** SIGKILL, which also ends one that is stopped. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended()
  }
}
