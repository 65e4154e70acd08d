import { type AnyCommand, type Domain, type FieldError } from '#domain-kit'
import { type CommandOutcome } from '#commands'
import { Problem } from '#runtime'

export interface Accepted {
  readonly status: number
  readonly replayed: boolean
  readonly position: string
  readonly body: { readonly stream: string; readonly revision: string; readonly position: string }
}

/**
 * An outcome as HTTP says it: the one mapping, for single commands and bulk lines alike.
 *
 * @throws Problem for every outcome but `accepted`.
 */
export function answer(domain: Domain, command: AnyCommand, outcome: CommandOutcome): Accepted {
  switch (outcome.kind) {
    case 'accepted': {
      const { stream, revision, position } = outcome.place
      const body = { stream, revision: revision.toString(), position: position.toString() }
      return { status: command.status, replayed: outcome.replayed, position: body.position, body }
    }
    case 'rejected': {
      const { code, detail, errors } = outcome.rejection
      const status = command.rejections[code]
      if (status === undefined) throw new RangeError(`command "${command.name}" does not declare rejection "${code}"`)
      throw Problem.rejection({ code, status, title: domain.titles[code] ?? code.replaceAll('-', ' '), detail, errors })
    }
    case 'key-reused':
      throw Problem.of('key-reused', 'this idempotency key was used with another request; use a new one')
    case 'revision-mismatch':
      throw Problem.of('revision-mismatch', `the stream is at revision ${outcome.revision}; read it again`)
    case 'beyond-limit':
      throw beyondLimit(command, outcome)
    case 'contended':
      throw Problem.of(
        'contended',
        'others changed this stream at the same time, again and again; nothing was appended',
      )
    case 'archived':
      throw Problem.of('archived', `this takes events that are not kept in the log any more: ${outcome.reason}`)
    case 'unavailable':
      throw Problem.of(
        outcome.overloaded ? 'overloaded' : 'unavailable',
        `${outcome.reason}; send it again with the same Idempotency-Key`,
      )
  }
}

type BeyondLimit = CommandOutcome & { readonly kind: 'beyond-limit' }

/** What no retry can make fit: which bound, by how much, and what to change. */
function beyondLimit({ aggregate }: AnyCommand, { limit, actual, allowed }: BeyondLimit): Problem {
  const told = (field: string, message: string): { errors: readonly FieldError[] } => ({
    errors: [{ field, rule: limit.replaceAll('_', '-'), message }],
  })
  switch (limit) {
    case 'stream_name_bytes': {
      const message = `the id of this ${aggregate.name} makes a stream name of ${actual} bytes, at most ${allowed} are taken; use a shorter id`
      return Problem.of('invalid-parameter', message, told(aggregate.name, message))
    }
    case 'event_size_bytes': {
      const message = `an event of this command takes ${actual} bytes as JSON, at most ${allowed} are taken; send less in one command`
      return Problem.of('body-too-large', message, told('body', message))
    }
    case 'events_per_append': {
      const message = `this command leads to ${actual} events, at most ${allowed} are taken; send less in one command`
      return Problem.of('body-too-large', message, told('body', message))
    }
    case 'claims_per_append': {
      const message = `this command takes ${actual} names, at most ${allowed} are taken; send less in one command`
      return Problem.of('body-too-large', message, told('body', message))
    }
    case 'checks_per_append': {
      const message = `this command depends on ${actual} further streams, at most ${allowed} are looked at; send less in one command`
      return Problem.of('body-too-large', message, told('body', message))
    }
    case 'append_size_bytes': {
      const message = `the events of this command take ${actual} bytes together, at most ${allowed} are taken; send less in one command`
      return Problem.of('body-too-large', message, told('body', message))
    }
    case 'conflict_tail_events':
    case 'conflict_tail_bytes':
      throw new RangeError('no append is refused for the size of a tail')
  }
}
