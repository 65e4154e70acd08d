import { type FastifyRequest } from 'fastify'
import { headerOf, parsePosition } from '#http-api'

/** How fresh the answer must be: the position of `Headwater-Min-Position`. @throws Problem `invalid-parameter` */
export function minPositionOf(request: FastifyRequest): bigint {
  const token = headerOf(request, 'headwater-min-position')
  return token === undefined ? 0n : parsePosition('Headwater-Min-Position', token)
}
