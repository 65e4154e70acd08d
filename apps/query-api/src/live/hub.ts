import { type Columns, type RowOf } from '#domain-kit'
import {
  type Carrier,
  type Carriers,
  decodeRow,
  type Feed,
  type FeedBatch,
  type FeedChange,
  type FeedLane,
  laneFor,
  type NamedResource,
  type ReadTable,
  WHOLE,
} from '#read-models'
import { type FailureLog } from './failure-log.js'

/** A changed row of a table that somebody watches. */
export interface RowChange {
  readonly op: FeedChange[1]
  readonly row: RowOf<Columns>
  readonly created: { readonly position: bigint; readonly ordinal: number }
  readonly changed: bigint
}

export interface Watcher {
  readonly named: NamedResource
  /** Which build it has read. */
  readonly build: number
  /** Changes of one batch that concern the resource, in log order. */
  changed(changes: readonly RowChange[], position: bigint): void
  /** The chain of batches broke. */
  gap(): void
}

interface Group {
  readonly table: ReadTable
  readonly params: readonly string[]
  readonly watchers: Map<string, Set<Watcher>>
}

const isIn = (a: FeedLane, b: FeedLane): boolean => a.fleet === b.fleet && a.lane === b.lane

const textOf = (params: readonly string[], values: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(params.map((name) => String(values[name])))

/** Fans the one feed out to whoever watches, by table and parameters: a change costs what its watchers cost. */
export class LiveHub {
  private readonly groups = new Map<string, Group[]>()
  private count = 0

  constructor(
    private readonly feed: Feed,
    private readonly carriers: Carriers,
    private readonly failures: FailureLog,
  ) {
    feed.on('batch', (batch) => this.fanOut(batch))
    feed.on('gap', (lane) => this.gapFor(({ named }) => isIn(this.laneOf(named.readable.table, named.params), lane)))
    const isOf = ({ named }: Watcher, name: string): boolean => named.readable.table.projection.name === name
    carriers.on('changed', (name) => this.gapFor((watcher) => isOf(watcher, name)))
    // Who was told already, because the feed began anew, has read it.
    carriers.on('promoted', (name) =>
      this.gapFor((each) => isOf(each, name) && each.build !== this.carrierOf(each)?.build),
    )
  }

  /** Changes of what is watched have been fanned out up to here. */
  positionFor({ named: { readable, params } }: Pick<Watcher, 'named'>): bigint {
    const { table } = readable
    return this.feed.positionOf(this.laneOf(table, params), table.projection)
  }

  /** Is a position one that no source has yet of what is read, as far as was heard? */
  isAhead({ readable: { table }, params }: NamedResource, position: bigint): boolean {
    const { head } = this.feed
    const own = this.feed.ownPositionOf(this.laneOf(table, params), table.projection)
    return (head > 0n && head < position) || (own !== undefined && own < position)
  }

  /** Does the projection of the document that something lies within not go with its lane? */
  isEnclosedApart({ readable: { table, within }, params }: NamedResource): boolean {
    if (!within || within.table.projection === table.projection) return false
    const lane = this.laneOf(within.table, params)
    return this.feed.ownPositionOf(lane, within.table.projection) !== undefined
  }

  /** Who folds what it watches, and which build is live; as of a second ago. */
  carrierOf({ named: { readable } }: Watcher): Carrier | undefined {
    return this.carriers.carrier(readable.table)
  }

  private laneOf(table: ReadTable, params: NamedResource['params']): FeedLane {
    return { fleet: this.carriers.of(table), lane: laneFor(table, params) ?? WHOLE }
  }

  private gapFor(concerns: (watcher: Watcher) => boolean): void {
    for (const each of [...this.all()]) if (concerns(each)) each.gap()
  }

  get size(): number {
    return this.count
  }

  watch(watcher: Watcher): void {
    const { params, watchers } = this.groupOf(watcher)
    const text = textOf(params, watcher.named.params)
    watchers.set(text, (watchers.get(text) ?? new Set()).add(watcher))
    this.count += 1
  }

  unwatch(watcher: Watcher): void {
    const { params, watchers } = this.groupOf(watcher)
    const text = textOf(params, watcher.named.params)
    const set = watchers.get(text)
    if (set?.delete(watcher)) this.count -= 1
    if (set?.size === 0) watchers.delete(text)
  }

  private groupOf({ named }: Watcher): Group {
    const { table, resource } = named.readable
    const groups = this.groups.get(table.id) ?? []
    this.groups.set(table.id, groups)
    const known = groups.find(({ params }) => params.join() === resource.params.join())
    if (known) return known
    const group: Group = { table, params: resource.params, watchers: new Map() }
    groups.push(group)
    return group
  }

  private *all(): Generator<Watcher> {
    for (const groups of this.groups.values())
      for (const { watchers } of groups) for (const set of watchers.values()) yield* [...set]
  }

  private fanOut({ fleet, position, changes }: FeedBatch): void {
    const concerned = new Map<ReadonlySet<Watcher>, RowChange[]>()
    for (const [id, op, values, created, ordinal, changed] of changes)
      for (const { table, params, watchers } of this.groups.get(id) ?? []) {
        if (watchers.size === 0 || this.carriers.of(table) !== fleet) continue
        const row = decodeRow(table.columns, values)
        const change: RowChange = {
          op,
          row,
          created: { position: BigInt(created), ordinal },
          changed: BigInt(changed),
        }
        const set = watchers.get(textOf(params, row))
        if (!set) continue
        const theirs = concerned.get(set)
        if (theirs) theirs.push(change)
        else concerned.set(set, [change])
      }
    // The same changes for all who watch the same: what is made of them is made once.
    for (const [set, theirs] of concerned) for (const watcher of [...set]) this.tell(watcher, theirs, position)
  }

  /** What goes wrong with one is its own: it reads anew, and the others are told. */
  private tell(watcher: Watcher, changes: readonly RowChange[], position: bigint): void {
    try {
      watcher.changed(changes, position)
    } catch (error) {
      this.failures.tell(watcher.named.readable, error)
      watcher.gap()
    }
  }
}
