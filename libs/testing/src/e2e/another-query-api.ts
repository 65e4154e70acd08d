import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { nodeArgs } from '#local-runtime'
import { projectRoot } from '#runtime'
import { eventually } from '../eventually.js'
import { freePort } from '../servers/free-port.js'
import { environmentOf } from '../servers/processes.js'
import { type System } from './system.js'

/** One more query-api beside the one of the system, which a test may kill and stop as it likes. */
export class AnotherQueryApi {
  private child: ChildProcess | undefined
  private constructor(
    private readonly env: NodeJS.ProcessEnv,
    readonly port: number,
  ) {}

  /** @param more settings that differ from those of the system's own. */
  static async start(system: System, more: Readonly<Record<string, string>> = {}): Promise<AnotherQueryApi> {
    const { instances } = await system.status()
    const pid = instances.find(({ role }) => role === 'query-api')?.pid ?? 0
    const theirs = await environmentOf(pid)
    const port = await freePort()
    const env = { ...theirs, ...more, HEADWATER_INSTANCE: `query-api-${port}` }
    const another = new AnotherQueryApi({ ...env, HEADWATER_PORT: String(port), LOG_LEVEL: 'warn' }, port)
    await another.start()
    return another
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Begins it, again if it has ended, on the same port. Resolves when it is ready. */
  async start(): Promise<void> {
    const main = join(projectRoot(), 'dist', 'apps', 'query-api', 'src', 'main.js')
    this.child = spawn(process.execPath, [...nodeArgs('query-api'), main], {
      env: this.env,
      stdio: ['ignore', 'ignore', 2],
    })
    try {
      await eventually(
        'the other query-api is ready',
        async () => (await fetch(`${this.url}/readyz`).catch(() => undefined))?.status === 200,
      )
    } catch (error) {
      // Nobody else knows of it, and a test run does not end before it.
      await this.kill()
      throw error
    }
  }

  /** As a crash does. */
  async kill(): Promise<void> {
    await this.end('SIGKILL')
  }

  /** As planned. @returns its exit status. */
  async stop(): Promise<number | null> {
    return this.end('SIGTERM')
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this
    this.child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const ended = once(child, 'exit') as Promise<[number | null]>
    child.kill(signal)
    return (await ended)[0]
  }
}
