import { Readable } from 'node:stream'
import { Controller, Inject, Post, Req, Res } from '@nestjs/common'
import { type NestFastifyApplication } from '@nestjs/platform-fastify'
import { type FastifyReply, type FastifyRequest } from 'fastify'
import { metadataOf } from '#http-api'
import { Caller, type Principal, Problem, RequireScope } from '#runtime'
import { BulkCommands } from './bulk-commands.js'
import { linesOf } from './bulk-lines.js'

const BULK_ROUTE = '/v1/commands'
const LINGER_MS = 2_000

/** What the controller needs of the server: bodies of lines come as they are. No other route reads such a body. */
export function takeLines(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance()
  fastify.addContentTypeParser('application/x-ndjson', (request, payload, done) => {
    // Where there is no route that is said, whatever was sent.
    if (request.routeOptions.url === BULK_ROUTE || request.is404) return done(null, payload)
    done(Problem.of('unsupported-media-type', 'send a JSON body with content-type application/json'))
  })
}

/** Who goes on sending after the last answer has time to read it before the connection is closed: as a connection it is of no use any more. */
function letGo(request: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => {
    if (!request.raw.complete) setTimeout(() => request.raw.destroy(), LINGER_MS).unref()
  })
}

/** `POST /v1/commands`: newline-delimited JSON both ways, streamed. */
@Controller()
export class BulkController {
  constructor(@Inject(BulkCommands) private readonly bulk: BulkCommands) {}

  @Post(BULK_ROUTE)
  @RequireScope('write')
  async run(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Caller() principal: Principal): Promise<void> {
    if (!(request.body instanceof Readable))
      throw Problem.of('unsupported-media-type', 'send newline-delimited JSON as application/x-ndjson')
    // Lines may come as seldom as they like.
    request.raw.socket.setTimeout(0)
    const metadata = metadataOf(request, principal)
    letGo(request, reply)
    // Whatever ends the reading, its answer still has to leave on this connection.
    const pieces = request.body.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>
    const answers = this.bulk.run(linesOf(pieces), { principal, metadata })
    await reply
      .status(200)
      .header('content-type', 'application/x-ndjson')
      .send(Readable.from(answers, { objectMode: false }))
  }
}
