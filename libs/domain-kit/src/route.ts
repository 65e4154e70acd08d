export type Method = 'GET' | 'POST' | 'DELETE' | 'PUT'

/** `'POST /books/{book}/accounts'`. */
export type Route<M extends Method = Method> = `${M} /${string}`

/** The names in braces: `RouteParams<'GET /books/{book}/balances/{account}'>` is `'book' | 'account'`. */
export type RouteParams<R extends string> = R extends `${string}{${infer P}}${infer Rest}`
  ? P | RouteParams<Rest>
  : never

export interface ParsedRoute {
  readonly method: Method
  /** With the prefix of the domain: `/v1/ledger/books/{book}`. */
  readonly path: string
  readonly params: readonly string[]
}

/** @throws RangeError for a route that is not `METHOD /path/{param}`. */
export function parseRoute(prefix: string, route: string): ParsedRoute {
  const match = /^(GET|POST|DELETE|PUT) (\/(?:[A-Za-z0-9_./-]|\{[A-Za-z][A-Za-z0-9_]*\})*)$/.exec(route)
  if (!match) throw new RangeError(`route "${route}" is not METHOD /path/{param}`)
  const [, method, path] = match as unknown as [string, Method, string]
  const params = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name as string)
  if (new Set(params).size !== params.length) throw new RangeError(`route "${route}" names a parameter twice`)
  return { method, path: path === '/' ? prefix : prefix + path, params }
}

/** Fills a path's parameters in, percent-encoded: the one name of a resource, in REST, cache and live alike. */
export function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const value = params[name]
    if (value === undefined) throw new RangeError(`path "${path}" lacks a value for {${name}}`)
    return encodeURIComponent(value)
  })
}
