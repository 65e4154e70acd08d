import { type ReadableResource } from '#read-models'
import { type Logger, OnceAMinute, problemFrom, reasonOf } from '#runtime'

/**
 * Logs what ends subscriptions, or makes them begin anew. Thousands watch the same, and what is wrong for one is wrong for all: of each
 * declared resource the same kind of failure is said once a minute.
 */
export class FailureLog {
  private readonly said = new OnceAMinute()

  constructor(private readonly logger: Logger) {}

  tell({ path }: Pick<ReadableResource, 'path'>, error: unknown): void {
    const problem = problemFrom(error)
    if (!this.said.isDue(`${path} ${problem?.code ?? 'bug'}`)) return
    const about = { resource: path, reason: reasonOf(error) }
    if (problem) this.logger.warn(about, 'a subscription cannot be kept')
    else this.logger.error({ ...about, stack: error instanceof Error ? error.stack : undefined }, 'bug')
  }
}
