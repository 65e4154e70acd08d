import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Check,
  type Component,
  type DataLayout,
  isAlive,
  openLog,
  type PidFile,
  readPidFile,
  removePidFile,
  writePidFile,
} from '#local-runtime'
import { type Logger, reasonOf } from '#runtime'

export type ProcessState = 'stopped' | 'starting' | 'ready' | 'unready' | 'backoff' | 'crash-loop' | 'stopping'

const BACKOFF_MS_MIN = 100
const BACKOFF_MS_MAX = 5_000
/** So many exits within the window are a crash loop: from then on one attempt a pause, until it was ready once, or has stayed alive for that window. */
const CRASHES_MAX = 6
const CRASH_WINDOW_MS = 30_000
const CRASH_PAUSE_MS = 15_000

/** One process: found again or started, checked, restarted when it ends, stopped when told to. */
export class Supervised {
  state: ProcessState = 'stopped'
  last: Check = { reason: 'not started' }
  private wanted = false
  /** For good: whoever is still starting things must not start this one again. */
  private isStopped = false
  private running: PidFile | undefined
  private exits_ms: number[] = []
  private isLooping = false
  private launched_ms = 0
  private restart_ms = 0
  /** The look at it that is under way. */
  private looking: Promise<void> | undefined

  constructor(
    readonly component: Component,
    private readonly layout: DataLayout,
    private readonly logger: Logger,
  ) {}

  get pid(): number | undefined {
    return this.running?.pid
  }

  get isReady(): boolean {
    return this.state === 'ready'
  }

  private get pidFile(): string {
    return join(this.layout.run, `${this.component.name}.json`)
  }

  /** From now on the process is to run, unless it was stopped. The first attempt is made at once. */
  async start(): Promise<void> {
    if (this.isStopped) return
    this.wanted = true
    await this.tick()
  }

  /** Looks after the process; called again and again. Returns at once while that is done already, as while a database is copied. */
  async tick(): Promise<void> {
    if (this.looking) return
    this.looking = this.lookAfter().finally(() => (this.looking = undefined))
    await this.looking
  }

  /** As {@link tick}, by a look that begins after this was asked for. */
  async refresh(): Promise<void> {
    await this.looking
    await (this.looking ?? this.tick())
  }

  /** Also of one that a supervisor before this one has started, whether or not it was looked at yet. */
  async stop(): Promise<void> {
    this.isStopped = true
    this.wanted = false
    // What is being started is waited for; a check of what runs, which may hang with it, only for as long as its stop may take.
    const end_ms = Date.now() + this.component.stop_ms
    while (this.looking && !(this.running && Date.now() > end_ms))
      await new Promise((resolve) => setTimeout(resolve, 20))
    this.running ??= await readPidFile(this.pidFile)
    if (this.running && isAlive(this.running)) await this.end(this.running)
    await removePidFile(this.pidFile)
    this.running = undefined
    this.state = 'stopped'
  }

  private async end(running: PidFile): Promise<void> {
    const { component } = this
    this.state = 'stopping'
    process.kill(running.pid, component.stopSignal)
    const end_ms = Date.now() + component.stop_ms
    while (isAlive(running) && Date.now() < end_ms) await new Promise((resolve) => setTimeout(resolve, 20))
    if (!isAlive(running)) return
    this.logger.warn({ name: component.name, after_ms: component.stop_ms }, 'did not stop in time and was killed')
    process.kill(running.pid, 'SIGKILL')
  }

  private async lookAfter(): Promise<void> {
    try {
      await this.look()
    } catch (error) {
      const reason = reasonOf(error)
      this.logger.error({ name: this.component.name, reason }, 'not started')
      this.crashed(reason)
    }
  }

  private async look(): Promise<void> {
    if (!this.wanted) return
    this.running ??= await readPidFile(this.pidFile)
    if (this.running && !isAlive(this.running)) {
      this.logger.warn({ name: this.component.name, pid: this.running.pid }, 'ended; it will be restarted')
      this.crashed()
    }
    if (!this.running) {
      if (Date.now() < this.restart_ms) return
      await this.launch()
    }
    // A check that fails tells nothing of whether the process has ended.
    this.last = await this.component.check().catch((error: unknown) => ({ reason: reasonOf(error) }))
    if (!this.running || !isAlive(this.running)) return
    if (this.last.needsRestart) {
      this.logger.warn({ name: this.component.name, reason: this.last.reason }, 'it is started anew')
      await this.end(this.running)
    } else if (this.last.reason === undefined) {
      this.state = 'ready'
      this.isLooping = false
    } else {
      // Not ready is not ended: it may wait for others.
      if (this.isLooping && Date.now() - this.launched_ms > CRASH_WINDOW_MS) this.isLooping = false
      if (this.state !== 'starting' && !this.isLooping) this.state = 'unready'
    }
  }

  /** @param reason why it could not be started; without one it has run, and its log tells. */
  private crashed(reason?: string): void {
    const now_ms = Date.now()
    this.running = undefined
    this.exits_ms = [...this.exits_ms.filter((each) => now_ms - each < CRASH_WINDOW_MS), now_ms]
    const crashes = this.exits_ms.length
    this.isLooping ||= crashes > CRASHES_MAX
    this.state = this.isLooping ? 'crash-loop' : 'backoff'
    const backoff_ms = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (crashes - 1))
    this.restart_ms = now_ms + (this.isLooping ? CRASH_PAUSE_MS : backoff_ms)
    const ended = `ended ${crashes} time(s) in the last ${CRASH_WINDOW_MS / 1_000} s; see ${this.logFile}`
    this.last = { reason: reason ?? ended }
  }

  private get logFile(): string {
    return join(this.layout.logs, `${this.component.name}.log`)
  }

  private async launch(): Promise<void> {
    const { component } = this
    this.launched_ms = Date.now()
    if (!this.isLooping) this.state = 'starting'
    await component.prepare()
    const { command, args, cwd, env, uid, gid } = component.launch()
    const log = openLog(this.logFile)
    // Of its own session: neither Ctrl-C nor the end of this process reaches it.
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', log, log],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    })
    closeSync(log)
    const { pid } = child
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    child.on('error', (error) => this.logger.warn({ name: component.name, reason: error.message }, 'process error'))
    child.once('exit', () => void this.tick())
    child.unref()
    if (pid === undefined) throw new Error('it has no pid')
    try {
      this.running = await writePidFile(this.pidFile, pid)
    } catch (error) {
      // Nobody would find it again, and it would keep the port from the next.
      await killed(child)
      throw error
    }
    if (!this.running) throw new Error(`it ended at once; see ${this.logFile}`)
    this.logger.info({ name: component.name, pid }, 'started')
  }
}

/** SIGKILL. Resolves when it has ended. */
async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
