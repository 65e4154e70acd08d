import { type Client } from 'pg'
import { DataSource, QueryFailedError, type QueryRunner } from 'typeorm'
import { isServerAtFault } from '#runtime'

export interface ConnectionsOptions {
  readonly url: string
  /** Names them at the server. */
  readonly name: string
  /** So many at a time; who wants another one waits. */
  readonly max: number
  /** How long a connection, and each answer, may take, in ms. Default: no bound, but that of TCP for a server that is gone. */
  readonly ms_max?: number
}

/** A server that says nothing is asked for a sign of life after so long. */
const KEEP_ALIVE_MS = 10_000

/** No connection was had. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'

  constructor(cause: unknown) {
    super('the database cannot be reached', { cause })
  }
}

/** Connections for one kind of work, made when they are first wanted. */
export class Connections {
  private source: Promise<DataSource> | undefined

  constructor(private readonly options: ConnectionsOptions) {}

  /** A connection whose work failed is not used again: nobody knows what it would bring, or what it still holds. @throws Unreachable; what `work` throws. */
  async use<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const { runner, client } = await this.connected()
    try {
      return await work(runner)
    } catch (error) {
      // Begun before it goes back to the pool, which therefore drops it.
      void client.end()
      throw error
    } finally {
      await runner.release()
    }
  }

  async close(): Promise<void> {
    await (await this.source)?.destroy()
  }

  private async connected(): Promise<{ readonly runner: QueryRunner; readonly client: Client }> {
    try {
      const runner = (await this.opened()).createQueryRunner()
      return { runner, client: (await runner.connect()) as Client }
    } catch (error) {
      throw new Unreachable(error)
    }
  }

  private opened(): Promise<DataSource> {
    const { url, name: applicationName, max, ms_max } = this.options
    const bounds = ms_max === undefined ? {} : { connectionTimeoutMillis: ms_max, query_timeout: ms_max }
    const alive = { keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS }
    this.source ??= new DataSource({
      type: 'postgres',
      url,
      applicationName,
      extra: { max, ...alive, ...bounds },
    }).initialize()
    this.source.catch(() => (this.source = undefined))
    return this.source
  }
}

/** Was no answer waited for any longer? By pg's words: it has no code for it. */
export const isLate = (error: unknown): boolean =>
  error instanceof QueryFailedError && (error.driverError as Error).message === 'Query read timeout'

/** Is the database away, or fails, and nothing wrong with what it was asked? */
export function isAway(error: unknown): boolean {
  return error instanceof QueryFailedError ? isServerAtFault(error.driverError) : error instanceof Unreachable
}
