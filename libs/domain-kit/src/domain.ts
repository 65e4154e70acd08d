import { type Capability, type Need } from './capability.js'
import { type AnyAggregate, type AnyCommand } from './command.js'
import { type AnyAggregateRef, type AnyProjection } from './projection.js'
import { type Report } from './report.js'
import { type Resource } from './resource.js'
import { parseRoute } from './route.js'

/** Everything one domain brings: what the apps derive routes, tables, feeds, reports and OpenAPI from. */
export interface Domain {
  readonly kind: 'domain'
  readonly name: string
  /** `/v1/<name>`: every route of the domain begins with it. */
  readonly prefix: string
  readonly commands: readonly AnyCommand[]
  readonly resources: readonly Resource[]
  readonly projections: readonly AnyProjection[]
  readonly reports: readonly Report[]
  /** Of its commands and projections, each once: who reads events knows them. */
  readonly aggregates: readonly AnyAggregate[]
  /** What the event store must be able to do; a store that cannot is refused at boot. */
  readonly needs: readonly Need[]
  /** Titles of the rejections' problems, by code; the code's words where none is given. */
  readonly titles: Readonly<Record<string, string>>
}

export interface DomainDefinition {
  readonly commands: readonly AnyCommand[]
  readonly resources?: readonly Resource[]
  /** Projections without a resource of their own; those of resources and reports are found by themselves. */
  readonly projections?: readonly AnyProjection[]
  readonly reports?: readonly Report[]
  /** What the domain as a whole needs of the event store; what its commands need is found by itself. */
  readonly needs?: readonly Capability[]
  readonly titles?: Readonly<Record<string, string>>
}

/**
 * Puts a domain together and checks at boot what the compiler cannot see.
 *
 * @throws RangeError naming the first of: two commands, routes, projections or reports of one name; one rejection code
 *   with two statuses; one projection name with two declarations.
 */
export function domain(name: string, definition: DomainDefinition): Domain {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw new RangeError(`domain "${name}": a name is 1-31 of [a-z0-9-], first a letter`)
  const prefix = `/v1/${name}`
  const { commands, resources = [], reports = [], titles = {} } = definition
  unique(
    `domain "${name}" command`,
    commands.map((each) => each.name),
  )
  unique(
    `domain "${name}" report`,
    reports.map((each) => each.name),
  )
  unique(
    `domain "${name}" route`,
    [...commands, ...resources].map((each) => normalized(prefix, each.route)),
  )
  const projections = [
    ...new Set([
      ...(definition.projections ?? []),
      ...resources.map((r) => r.projection),
      ...reports.map((r) => r.projection),
    ]),
  ]
  unique(
    `domain "${name}" projection`,
    projections.map((each) => each.name),
  )
  checkRejections(name, commands)
  const aggregates = aggregatesOf(commands, projections)
  const needs = needsOf(definition)
  return { kind: 'domain', name, prefix, commands, resources, projections, reports, aggregates, needs, titles }
}

function aggregatesOf(commands: readonly AnyCommand[], projections: readonly AnyProjection[]): readonly AnyAggregate[] {
  const refs: readonly AnyAggregateRef[] = [
    ...commands.map((each) => each.aggregate),
    ...projections.map((each) => each.of),
  ]
  return [...new Set(refs)].filter((each): each is AnyAggregate => 'evolve' in each)
}

function needsOf({ commands, needs = [] }: DomainDefinition): readonly Need[] {
  return [
    ...needs.map((capability) => ({ capability, of: 'all of it' })),
    ...commands.flatMap((command) =>
      command.needs.map((capability) => ({ capability, of: `command "${command.name}"` })),
    ),
  ]
}

/**
 * Checks at boot that domains can live side by side: streams and tables have their aggregates' and projections' names.
 *
 * @throws RangeError naming the first domain, aggregate or projection whose name two of them use.
 */
export function install(domains: readonly Domain[]): readonly Domain[] {
  unique(
    'domain',
    domains.map(({ name }) => name),
  )
  unique(
    'aggregate',
    [...new Set(domains.flatMap(({ aggregates }) => aggregates))].map(({ name }) => name),
  )
  unique(
    'projection',
    [...new Set(domains.flatMap(({ projections }) => projections))].map(({ name }) => name),
  )
  return domains
}

function normalized(prefix: string, route: string): string {
  const { method, path } = parseRoute(prefix, route)
  return `${method} ${path.replaceAll(/\{[^}]+\}/g, '{}')}`
}

function unique(what: string, names: readonly string[]): void {
  const seen = new Set<string>()
  for (const each of names) {
    if (seen.has(each)) throw new RangeError(`${what} "${each}" is declared twice`)
    seen.add(each)
  }
}

function checkRejections(domainName: string, commands: readonly AnyCommand[]): void {
  const statuses = new Map<string, number>()
  for (const command of commands)
    for (const [code, status] of Object.entries(command.rejections)) {
      if ((statuses.get(code) ?? status) !== status)
        throw new RangeError(`domain "${domainName}": rejection "${code}" is declared with two statuses`)
      statuses.set(code, status)
    }
}
