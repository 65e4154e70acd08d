import { type Capability, type Need } from './capability.js'
import { type AnyAggregate, type AnyCommand } from './command.js'
import { type ProcessManager } from './process-manager.js'
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
  /** Commands that only process managers send: no route, no bulk line. */
  readonly internal: readonly AnyCommand[]
  readonly processManagers: readonly ProcessManager[]
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
  /** Commands that only process managers send: no route, no bulk line. */
  readonly internal?: readonly AnyCommand[]
  readonly processManagers?: readonly ProcessManager[]
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
 *   with two statuses; one projection name with two declarations; a history without the parameters that it is found by.
 */
export function domain(name: string, definition: DomainDefinition): Domain {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw new RangeError(`domain "${name}": a name is 1-31 of [a-z0-9-], first a letter`)
  const prefix = `/v1/${name}`
  const { commands, internal = [], processManagers = [], resources = [], reports = [], titles = {} } = definition
  unique(
    `domain "${name}" command`,
    [...commands, ...internal].map((each) => each.name),
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
      ...resources.flatMap((r) => [r.projection, ...projectionsOfHistory(r)]),
      ...reports.map((r) => r.projection),
    ]),
  ]
  unique(
    `domain "${name}" projection`,
    projections.map((each) => each.name),
  )
  const every = [...commands, ...internal]
  checkRejections(name, every)
  for (const each of resources) checkHistory(name, each)
  const aggregates = aggregatesOf([...every.map((each) => each.aggregate), ...projections.map((each) => each.of)])
  const needs = needsOf(every, definition.needs ?? [])
  return {
    kind: 'domain',
    name,
    prefix,
    commands,
    internal,
    processManagers,
    resources,
    projections,
    reports,
    aggregates,
    needs,
    titles,
  }
}

/**
 * The name of a command among all installed domains: what a bulk line calls it, and part of the hash of every request that the log remembers.
 * Retries are recognized by it, so it stays as it is.
 */
export function qualifiedName(of: Pick<Domain, 'name'>, { name }: Pick<AnyCommand, 'name'>): string {
  return `${of.name}.${name}`
}

function projectionsOfHistory({ history }: Resource): readonly AnyProjection[] {
  if (!history) return []
  return 'of' in history ? [history.timeline, history.of] : [history.timeline]
}

/** A time belongs to one instance, so the path must name it; and the lines of a path are found by the series' key. */
function checkHistory(name: string, { route, params, history }: Resource): void {
  if (!history) return
  const needed = history.timeline.of.name
  if (!params.includes(needed))
    throw new RangeError(`domain "${name}": "${route}" has a history and must have the parameter {${needed}}`)
  const missing = 'by' in history ? params.find((each) => !history.by.includes(each)) : undefined
  if (missing !== undefined)
    throw new RangeError(`domain "${name}": the history of "${route}" has no key column "${missing}"`)
}

function aggregatesOf(refs: readonly AnyAggregateRef[]): readonly AnyAggregate[] {
  return [...new Set(refs)].filter((each): each is AnyAggregate => 'evolve' in each)
}

function needsOf(commands: readonly AnyCommand[], needs: readonly Capability[]): readonly Need[] {
  return [
    ...needs.map((capability) => ({ capability, of: 'all of it' })),
    ...commands.flatMap((command) =>
      command.needs.map((capability) => ({ capability, of: `command "${command.name}"` })),
    ),
  ]
}

declare const checked: unique symbol
/** Domains that {@link install} has found to go together: what a process serves. */
export type InstalledDomains = readonly Domain[] & { readonly [checked]: true }

/**
 * Checks at boot that domains can live side by side: streams and tables have their aggregates' and projections' names; and
 * that what process managers send is there.
 *
 * @throws RangeError naming the first domain, aggregate, projection or process manager whose name two of them use, or the first
 *   process manager that sends a command, or follows an aggregate, of no installed domain.
 */
export function install(domains: readonly Domain[]): InstalledDomains {
  unique(
    'domain',
    domains.map(({ name }) => name),
  )
  const commands = domains.flatMap((each) => [...each.commands, ...each.internal])
  const aggregates = [...new Set(domains.flatMap((each) => each.aggregates))]
  unique(
    'aggregate',
    aggregates.map(({ name }) => name),
  )
  unique(
    'projection',
    [...new Set(domains.flatMap(({ projections }) => projections))].map(({ name }) => name),
  )
  const managers = domains.flatMap(({ processManagers }) => processManagers)
  unique(
    'process manager',
    managers.map(({ name }) => name),
  )
  const projected = domains.flatMap(({ projections }) => projections.map((each) => each.of.name))
  const followed = new Set([...aggregates.map(({ name }) => name), ...projected])
  for (const { name, of, sends } of managers) {
    const missing = sends.find((each) => !commands.includes(each))
    if (missing)
      throw new RangeError(`process manager "${name}" sends "${missing.name}", a command of no installed domain`)
    if (!followed.has(of.name))
      throw new RangeError(`process manager "${name}" follows "${of.name}", an aggregate of no installed domain`)
  }
  return domains as InstalledDomains
}

/** Names of all that commands, projections and reports are about: what a token may be restricted to instances of. */
export function aggregateNames(domains: InstalledDomains): readonly string[] {
  const of = domains.flatMap(({ aggregates, projections }) => [...aggregates, ...projections.map((each) => each.of)])
  return [...new Set(of.map(({ name }) => name))]
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
