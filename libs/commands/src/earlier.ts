import { type EventShape, type RecordedOf, type Rejection } from '#domain-kit'
import { type AppendPlace, type EventStore } from '#event-store'
import { type Job } from './job.js'
import { type CommandOutcome } from './outcome.js'

export type Found = Readonly<Record<string, RecordedOf<EventShape> | undefined>>

/**
 * The last events of the appends that took these claims, by the name that the command gives each: as it was when the stream was at the
 * revision `through`, upon which the command is decided. What was appended since then belongs to another state.
 */
export async function lookUp(
  store: EventStore,
  stream: string,
  names: Readonly<Record<string, string>>,
  through: bigint,
): Promise<Found> {
  const found: Record<string, RecordedOf<EventShape> | undefined> = {}
  for (const [as, name] of Object.entries(names)) {
    const recalled = await store.findClaim({ stream, name })
    if (!recalled || recalled.revision > through) continue
    for await (const event of store.readStream(recalled.stream, { from: recalled.revision, limit: 1 }))
      found[as] = event
  }
  return found
}

/** What a command that is about to be refused came to when it was sent before; undefined when it never was accepted. */
export async function earlierOutcome(
  store: EventStore,
  stream: string,
  { request, hash }: Job,
): Promise<CommandOutcome | undefined> {
  const { command, body, key } = request
  const recalled = await store.recall({ stream, key })
  if (recalled) return recalled.requestHash === hash ? replayed(recalled) : { kind: 'key-reused' }
  for (const { name } of command.claims(body)) {
    const taken = await store.findClaim({ stream, name })
    if (taken?.requestHash === hash) return replayed(taken)
  }
  return undefined
}

export function replayed({ stream, revision, position }: AppendPlace): CommandOutcome {
  return { kind: 'accepted', place: { stream, revision, position }, replayed: true }
}

/** The rejection that the claim declares for whoever comes second. */
export function takenBy({ request }: Job, name: string): Rejection {
  const claim = request.command.claims(request.body).find((each) => each.name === name)
  return {
    kind: 'rejection',
    code: claim?.taken ?? 'claimed',
    detail: `"${name.slice(name.indexOf('/') + 1)}" was used before in "${request.target}", with another content`,
  }
}
