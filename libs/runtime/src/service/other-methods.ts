import { type FastifyInstance, type HTTPMethods } from 'fastify'
import { Problem } from '../problem/problem.js'

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']

/**
 * A path that is known under another method is told so (405 with `Allow`), not that it does not exist. Call it before
 * the first route is added, and what it returns after the last one.
 */
export function otherMethods(fastify: FastifyInstance): () => void {
  const known = new Map<string, Set<string>>()
  fastify.addHook('onRoute', ({ url, method }) => {
    const methods = known.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    known.set(url, methods)
  })
  return () => {
    for (const [url, methods] of [...known]) {
      if (url.includes('*')) continue
      const allow = [...methods].sort().join(', ')
      const method = METHODS.filter((each) => !methods.has(each))
      if (method.length === 0) continue
      fastify.route({
        method,
        url,
        handler: () =>
          Promise.reject(Problem.of('method-not-allowed', `this path has ${allow}`, { headers: { allow } })),
      })
    }
  }
}
