import { testApi, type TestApiOptions } from './test-api.js'

/** Routes that controllers add to a server, as `GET /v1/books/{book}`, sorted. Health, HEAD and what refuses other methods are left out. */
export async function routesOf({ configure, ...parts }: TestApiOptions): Promise<readonly string[]> {
  const routes: string[] = []
  const api = await testApi({
    ...parts,
    configure: (app) => {
      configure?.(app)
      const fastify = app.getHttpAdapter().getInstance()
      fastify.addHook('onRoute', ({ method, url }) => {
        // Other methods of a path are refused by one route for them all.
        if (typeof method === 'string' && method !== 'HEAD')
          routes.push(`${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`)
      })
    },
  })
  await api.close()
  return routes.sort()
}

/** Routes that an OpenAPI page tells of, in the same words. */
export function documentedRoutes({ paths }: { readonly paths: Readonly<Record<string, object>> }): readonly string[] {
  return Object.entries(paths)
    .flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`))
    .sort()
}
