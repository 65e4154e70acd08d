import { type FastifyInstance } from 'fastify'
import { answerClientError } from './client-error.js'

const TIMER = Symbol('timer')
interface Carrier {
  [TIMER]?: NodeJS.Timeout
}

/**
 * Cuts off, with 408, whose body takes longer than `body_ms_max`, however busily it drips in: it is read before anybody is asked for a
 * token. A body that its handler reads as a stream is not meant, there the token comes first.
 */
export function boundSlowBodies(fastify: FastifyInstance, body_ms_max: number): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const { headers, raw } = request
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return done()
    const timer = setTimeout(() => {
      const { socket } = raw
      answerClientError(Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket)
      // Who goes on sending would keep it open.
      socket.once('finish', () => socket.destroy())
    }, body_ms_max)
    ;(request as Carrier)[TIMER] = timer
    reply.raw.once('close', () => clearTimeout(timer))
    done()
  })
  // The first thing after the body.
  fastify.addHook('preValidation', (request, _reply, done) => {
    clearTimeout((request as Carrier)[TIMER])
    done()
  })
}
