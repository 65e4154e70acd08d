import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common'
import { type FastifyReply, type FastifyRequest } from 'fastify'
import { contextOf } from '../log/context.js'
import { type Logger, reasonOf } from '../log/logger.js'
import { problemFrom } from '../problem/from-error.js'
import { Problem } from '../problem/problem.js'

/** The one place where an error becomes an HTTP answer. A bug is logged whole and told as nothing but its status. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.logger)
  }
}

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  const problem = problemFrom(error)
  if (!problem) {
    const stack = error instanceof Error ? error.stack : undefined
    logger.error({ correlationId: contextOf(request)?.correlationId, reason: reasonOf(error), stack }, 'bug')
  }
  const shown = problem ?? Problem.of('internal-error', 'it was logged under the correlation id of this answer')
  if (reply.sent) return
  void reply
    .status(shown.status)
    .headers(shown.headers)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(shown.details(request.url.split('?')[0] ?? '/')))
}
