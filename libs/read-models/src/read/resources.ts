import { type AnyProjection, type Domain, parseRoute, type Resource } from '#domain-kit'
import { type ReadTable, tablesOf } from '../tables/table.js'

/** A declared resource with everything needed to read it. */
export interface ReadableResource {
  readonly domain: Domain
  readonly resource: Resource
  readonly table: ReadTable
  /** The table of the document that must exist for this to be more than nothing. */
  readonly within: { readonly table: ReadTable; readonly params: readonly string[] } | undefined
  /** What `?at=` is answered from; undefined when the resource has no history. */
  readonly history: ReadableHistory | undefined
  readonly path: string
}

export interface ReadableHistory {
  readonly timeline: ReadTable
  readonly latest: { readonly series: ReadTable; readonly lines: ReadTable; readonly by: readonly string[] } | undefined
}

export interface NamedResource {
  readonly readable: ReadableResource
  readonly params: Readonly<Record<string, string>>
  /** Only rows with one of these values: what a restricted token may see of what spans aggregates. Of a document the answer says it (`covers`). */
  readonly only?: RowFilter | undefined
}

export interface RowFilter {
  readonly column: string
  readonly values: readonly string[]
}

/** Everything that can be read, and which of it a path names. */
export class ResourceCatalogue {
  readonly resources: readonly ReadableResource[]

  constructor(domains: readonly Domain[]) {
    const tables = tablesOf(domains)
    const tableNamed = (resource: Resource, projection: AnyProjection, name: string): ReadTable => {
      const table = tables.find((each) => each.projection === projection && each.name === name)
      if (!table) throw new Error(`resource "${resource.name}" reads a table that is not declared`)
      return table
    }
    const tableOf = (resource: Resource): ReadTable => tableNamed(resource, resource.projection, resource.table)
    const historyOf = (resource: Resource): ReadableHistory | undefined => {
      const { history } = resource
      if (!history) return undefined
      const timeline = tableNamed(resource, history.timeline, history.timeline.name)
      if (!('of' in history)) return { timeline, latest: undefined }
      const [series, lines] = [history.series, history.lines].map((name) => tableNamed(resource, history.of, name))
      return { timeline, latest: series && lines ? { series, lines, by: history.by } : undefined }
    }
    this.resources = domains.flatMap((domain) =>
      domain.resources.map((resource) => {
        const within = resource.kind === 'document' ? undefined : resource.within
        return {
          domain,
          resource,
          table: tableOf(resource),
          within: within ? { table: tableOf(within), params: within.params } : undefined,
          history: historyOf(resource),
          path: parseRoute(domain.prefix, resource.route).path,
        }
      }),
    )
  }

  /** Which resource a percent-encoded path names; fixed segments win over parameters. */
  find(path: string): NamedResource | undefined {
    const segments = decoded(path)
    if (!segments) return undefined
    const matches = this.resources.flatMap((readable) => {
      const params = match(readable.path.split('/'), segments)
      return params ? [{ readable, params }] : []
    })
    return matches.sort((a, b) => Object.keys(a.params).length - Object.keys(b.params).length)[0]
  }
}

function decoded(path: string): readonly string[] | undefined {
  try {
    return path.split('/').map((each) => decodeURIComponent(each))
  } catch {
    return undefined
  }
}

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [at, part] of pattern.entries()) {
    const segment = segments[at] ?? ''
    const name = /^\{(.+)\}$/.exec(part)?.[1]
    if (name === undefined ? part !== segment : segment === '') return undefined
    if (name !== undefined) params[name] = segment
  }
  return params
}
