import { type ChildProcess, fork } from 'node:child_process'
import { openSync, closeSync } from 'node:fs'
import { sharedClock_ms } from '#testing'

export interface ChildOptions {
  readonly name: string
  /** A built module. */
  readonly module: string
  readonly args?: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly log: string
}

/** A Node process of ours, by its handle: nothing is ever looked up by name or number to be ended. */
export class Child {
  private readonly process: ChildProcess
  private endedAt_ms: number | undefined

  constructor(readonly options: ChildOptions) {
    const { module, args = [], env, log } = options
    const out = openSync(log, 'a')
    const { PATH = '' } = process.env
    this.process = fork(module, args, { env: { PATH, ...env }, stdio: ['ignore', out, out, 'ipc'] })
    closeSync(out)
    this.process.once('exit', () => (this.endedAt_ms = sharedClock_ms()))
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

  async ended(): Promise<void> {
    if (this.isRunning) await new Promise((resolve) => this.process.once('exit', resolve))
  }

  /** SIGKILL, which also ends one that is stopped. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended()
  }
}
