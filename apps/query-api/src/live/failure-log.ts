import { type ReadableResource } from '#read-models'
import { type Logger, problemFrom, reasonOf } from '#runtime'

const AGAIN_MS = 60_000

/**
 * Logs what ends subscriptions, or makes them begin anew. Thousands watch the same, and what is wrong for one is wrong for all: of each
 * declared resource the same kind of failure is said once a minute.
 */
export class FailureLog {
  /** When it was last said, in ms of `performance.now()`. */
  private readonly said_ms = new Map<string, number>()

  constructor(private readonly logger: Logger) {}

  tell({ path }: Pick<ReadableResource, 'path'>, error: unknown): void {
    const problem = problemFrom(error)
    const kind = `${path} ${problem?.code ?? 'bug'}`
    const now_ms = performance.now()
    if (now_ms < (this.said_ms.get(kind) ?? -Infinity) + AGAIN_MS) return
    this.said_ms.set(kind, now_ms)
    const about = { resource: path, reason: reasonOf(error) }
    if (problem) this.logger.warn(about, 'a subscription cannot be kept')
    else this.logger.error({ ...about, stack: error instanceof Error ? error.stack : undefined }, 'bug')
  }
}
