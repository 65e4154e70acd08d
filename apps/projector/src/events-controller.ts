import { Readable } from 'node:stream'
import { Controller, Get, Inject, Query, Res } from '@nestjs/common'
import { type FastifyReply } from 'fastify'
import { type EventStore, EventsArchived, StoreUnavailable } from '#event-store'
import { parsePosition } from '#http-api'
import { Caller, expiredMeanwhile, type Expiring, isExpired, type Principal, Problem, RequireScope } from '#runtime'
import { EventTails } from './event-tails.js'

export const STORE = Symbol('event store')

/**
 * `GET /v1/events?from=&limit=`: the log as it is stored and grows, whatever the schema version, one JSON object a line. For operators. When the token
 * expires the last line is no event but `{"problem"}`.
 */
@Controller()
export class EventsController {
  constructor(
    @Inject(STORE) private readonly store: EventStore,
    @Inject(EventTails) private readonly tails: EventTails,
  ) {}

  @Get('/v1/events')
  @RequireScope('operate')
  async events(
    @Query('from') from: unknown,
    @Query('limit') limit: unknown,
    @Res() reply: FastifyReply,
    @Caller() principal: Principal,
  ): Promise<void> {
    const least = from === undefined ? undefined : parsePosition('from', from)
    const after = least === undefined ? await said(this.store.head()) : least > 0n ? least - 1n : 0n
    const most = limit === undefined ? undefined : parsePosition('limit', limit)
    const signal = this.tails.begin(reply.raw, principal)
    await said(look(this.store, after, signal))
    void reply
      .header('content-type', 'application/x-ndjson')
      .send(Readable.from(linesOf(this.store, { after, most, signal, token: principal })))
    // Otherwise the head would wait for the first event, and its reader for whether there is an answer.
    reply.raw.flushHeaders()
    await reply
  }
}

async function look(store: EventStore, after: bigint, signal: AbortSignal): Promise<void> {
  for await (const _ of store.readAll({ after, limit: 1, signal })) return
}

/** Before the answer begins: afterwards nothing can be said any more. @throws Problem `archived`, `unavailable`, `overloaded` */
async function said<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof EventsArchived) throw Problem.of('archived', error.message)
    if (error instanceof StoreUnavailable)
      throw Problem.of(error.overloaded ? 'overloaded' : 'unavailable', error.message)
    throw error
  }
}

interface Tail {
  readonly after: bigint
  readonly most: bigint | undefined
  readonly signal: AbortSignal
  readonly token: Expiring
}

async function* linesOf(store: EventStore, { after, most, signal, token }: Tail): AsyncGenerator<string> {
  let left = most
  if (left === 0n) return
  for await (const { events } of store.subscribe({ after, signal })) {
    if (signal.aborted) break
    for (const { position, stream, revision, type, version, id, time, data, metadata } of events) {
      const place = { position: position.toString(), stream, revision: revision.toString() }
      yield `${JSON.stringify({ ...place, type, version, id, time, data, metadata })}\n`
      if (left === undefined) continue
      left -= 1n
      if (left === 0n) return
    }
  }
  const problem = expiredMeanwhile('go on from the position after the last one')
  if (isExpired(token)) yield `${JSON.stringify({ problem: problem.details('/v1/events') })}\n`
}
