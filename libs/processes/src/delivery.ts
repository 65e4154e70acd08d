import { type CommandHandler, type CommandOutcome, type CommandRequest } from '#commands'
import {
  type AnyCommand,
  type Domain,
  type EventMetadata,
  type ProcessManager,
  qualifiedName,
  type RecordedEvent,
  type Sending,
} from '#domain-kit'
import { Backoff, type BackoffOptions } from './backoff.js'

export interface DeliveryOptions {
  readonly domains: readonly Domain[]
  readonly handler: Pick<CommandHandler, 'execute'>
  /** Between attempts while the log is not available. Default 50 ms, doubling to 5 s. */
  readonly backoff?: BackoffOptions
  /** Told of each command, with what became of it. */
  readonly onSent?: (process: string, became: Became) => void
}

/** `settled-before`: the key is taken, in an earlier attempt, by the command that was sent instead of this one or the other way round. */
export type Became = 'accepted' | 'replayed' | 'refused' | 'settled-before' | 'unavailable' | 'contended'

/**
 * Keys of clients are printable ASCII without a space in front: nobody outside can take a key of these.
 * The same event, process manager and place among its commands make the same key, for ever.
 */
const keyOf = (process: string, event: RecordedEvent, ordinal: number): string => ` ${process}/${event.id}/${ordinal}`

/** A command needs events of its target that are archived: it is settled when they are restored, and not before. */
export class TargetArchived extends Error {
  override readonly name = 'TargetArchived'
}

/** Sends what an event leads to, and comes back when all of it is settled for good. */
export class Delivery {
  private readonly names: ReadonlyMap<AnyCommand, string>

  constructor(private readonly options: DeliveryOptions) {
    this.names = new Map(
      options.domains.flatMap((domain) =>
        [...domain.commands, ...domain.internal].map((each) => [each, qualifiedName(domain, each)] as const),
      ),
    )
  }

  /**
   * Safe to repeat: what was accepted before is replayed. One command after the other.
   *
   * @throws TargetArchived. @throws for a bug: a handler or decider that throws, a refusal that nothing was declared for. Nothing is
   *   lost by trying again. @throws the signal's reason when it aborts; then it is unknown what was sent.
   */
  async deliver(manager: ProcessManager, event: RecordedEvent, signal: AbortSignal): Promise<void> {
    for (const [ordinal, sending] of manager.react(event).entries())
      await this.send(manager.name, event, sending, keyOf(manager.name, event, ordinal), signal)
  }

  private async send(
    process: string,
    event: RecordedEvent,
    { command, target, body, onRejected }: Sending,
    key: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { metadata } = event
    const about = { target, key, metadata: { ...traceOf(metadata), causationId: event.id, actor: process } }
    const execute = async (each: AnyCommand, its: object): Promise<CommandOutcome> =>
      this.insist(process, { ...about, command: each, name: this.nameOf(each), body: its }, signal)
    const outcome = await execute(command, body)
    if (outcome.kind !== 'rejected') return
    const { code, detail } = outcome.rejection
    if (!onRejected)
      throw new Error(`"${command.name}" was refused (${code}: ${detail}), for which nothing is declared`)
    const instead = await execute(onRejected.command, onRejected.body(outcome.rejection))
    if (instead.kind === 'rejected')
      throw new Error(`"${onRejected.command.name}" was refused, too (${instead.rejection.code})`)
  }

  private nameOf(command: AnyCommand): string {
    const name = this.names.get(command)
    if (name === undefined) throw new Error(`"${command.name}" is a command of no installed domain`)
    return name
  }

  /** Until somebody knows what became of it. The same key each time, so that trying again changes nothing. */
  private async insist(process: string, request: CommandRequest, signal: AbortSignal): Promise<CommandOutcome> {
    const backoff = new Backoff(this.options.backoff ?? { first_ms: 50, max_ms: 5_000 })
    for (;;) {
      signal.throwIfAborted()
      const outcome = await this.options.handler.execute(request)
      switch (outcome.kind) {
        case 'unavailable':
        case 'contended':
          this.options.onSent?.(process, outcome.kind)
          await backoff.wait(signal)
          continue
        case 'accepted':
          this.options.onSent?.(process, outcome.replayed ? 'replayed' : 'accepted')
          return outcome
        case 'rejected':
          this.options.onSent?.(process, 'refused')
          return outcome
        case 'key-reused':
          this.options.onSent?.(process, 'settled-before')
          return outcome
        case 'revision-mismatch':
          throw new Error('a command without If-Match cannot meet the wrong revision')
        case 'beyond-limit':
          throw new Error(`its events are beyond what the log takes: ${outcome.limit} is ${outcome.actual}`)
        case 'archived':
          throw new TargetArchived(`${request.command.aggregate.name} "${request.target}": ${outcome.reason}`)
      }
    }
  }
}

function traceOf({ correlationId, traceparent }: EventMetadata): EventMetadata {
  return {
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(traceparent === undefined ? {} : { traceparent }),
  }
}
