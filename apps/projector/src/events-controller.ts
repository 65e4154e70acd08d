import { Readable } from 'node:stream'
import { Controller, Get, Inject, Query, Res } from '@nestjs/common'
import { type FastifyReply } from 'fastify'
import { type EventStore, EventsArchived } from '#event-store'
import { parsePosition } from '#http-api'
import { Problem, RequireScope } from '#runtime'
import { EventTails } from './event-tails.js'

export const STORE = Symbol('event store')

/** `GET /v1/events?from=&limit=`: the log as it is stored and grows, whatever the schema version, one JSON object a line. For operators. */
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
  ): Promise<void> {
    const least = from === undefined ? undefined : parsePosition('from', from)
    const after = least === undefined ? await this.store.head() : least > 0n ? least - 1n : 0n
    const most = limit === undefined ? undefined : parsePosition('limit', limit)
    await checkThere(this.store, after)
    const signal = this.tails.begin(reply.raw)
    await reply
      .header('content-type', 'application/x-ndjson')
      .send(Readable.from(linesOf(this.store, after, most, signal)))
  }
}

/** Before the answer begins: afterwards nothing can be said any more. */
async function checkThere(store: EventStore, after: bigint): Promise<void> {
  try {
    for await (const _ of store.readAll({ after, limit: 1 })) return
  } catch (error) {
    throw error instanceof EventsArchived ? Problem.of('archived', error.message) : error
  }
}

async function* linesOf(
  store: EventStore,
  after: bigint,
  most: bigint | undefined,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let left = most
  if (left === 0n) return
  for await (const { events } of store.subscribe({ after, signal }))
    for (const { position, stream, revision, type, version, id, time, data, metadata } of events) {
      const place = { position: position.toString(), stream, revision: revision.toString() }
      yield `${JSON.stringify({ ...place, type, version, id, time, data, metadata })}\n`
      if (left === undefined) continue
      left -= 1n
      if (left === 0n) return
    }
}
