import { EventEmitter } from 'node:events'
import { type Logger, reasonOf } from '#runtime'
import { SEEN } from '../builds/builds-sql.js'
import { fleetOf } from '../builds/fleet.js'
import { type ReadTable } from '../tables/table.js'

/**
 * In: projections, versions. Out: which fleet folds the live build of each, which build that is, and up to which position another build or
 * version may have answered: without end while projectors of another version are there; and the newest epoch that is known there. Locks nothing.
 */
const CARRIERS_SQL = `
select distinct m.projection, m.version, m.fleet, b.build, greatest(b.live_at, (
  select max(case when exists (
    select 1 from headwater.projectors p where p.fleet = l.fleet and p.seen_at > clock_timestamp() - ${SEEN}
  ) then 9223372036854775807 else l.position end)
  from headwater.members o join headwater.builds ob using (projection, version, build) join headwater.lanes l using (fleet, lane)
  where o.projection = m.projection and o.version <> m.version and ob.slot = 'live')) as live_at,
  (select max(epoch) from headwater.lanes) as epoch
from headwater.members m join headwater.builds b using (projection, version, build)
join unnest($1::text[], $2::int[]) as k(projection, version) using (projection, version) where b.slot = 'live'`

const POLL_MS = 1_000
/**
 * For so long an answer is passed over that knows less than one before. Whatever makes another build or fleet answer takes an epoch, and those only
 * grow: it is of a replica that is behind. What lasts longer is no replica, but a database that was lost in part.
 */
const BEHIND_MS_MAX = 60_000

type Rows = (text: string, values: readonly unknown[]) => Promise<readonly Readonly<Record<string, unknown>>[]>

const nameOf = ({ projection }: Pick<ReadTable, 'projection'>): string => `${projection.name}.v${projection.version}`

/** Who answers for a projection. */
export interface Carrier {
  readonly fleet: string
  readonly build: number
  /** Up to this position another build or version may have answered. */
  readonly liveAt: bigint
}

/**
 * Which fleet of projectors folds what this process reads: its cache and its feed are the ones to go by. Another one takes over only while a
 * release replaces another; see {@link fleetOf}. And which build is read. As of a second ago, by default; what a replica says that is behind
 * another one's answer is passed over. Emits `changed` with a projection's name when the fleet is another, `promoted` when only the build is.
 */
export class Carriers extends EventEmitter<{ changed: [projection: string]; promoted: [projection: string] }> {
  private readonly carriers = new Map<string, Carrier>()
  private readonly own: string
  private epoch = 0n
  private heard_ms = -Infinity
  private timer: NodeJS.Timeout | undefined
  private isClosed = false

  constructor(
    private readonly tables: readonly ReadTable[],
    private readonly rows: Rows,
    private readonly logger: Logger,
    /** So often it is asked, in ms. */
    private readonly poll_ms = POLL_MS,
  ) {
    super()
    this.own = fleetOf(tables)
  }

  /** Resolves when it was asked for the first time; never rejects. */
  async start(): Promise<void> {
    await this.look()
  }

  close(): void {
    this.isClosed = true
    clearTimeout(this.timer)
  }

  /** The fleet. */
  of(table: Pick<ReadTable, 'projection'>): string {
    return this.carriers.get(nameOf(table))?.fleet ?? this.own
  }

  /** Undefined before it was found out. */
  carrier(table: Pick<ReadTable, 'projection'>): Carrier | undefined {
    return this.carriers.get(nameOf(table))
  }

  /** All fleets. */
  get all(): readonly string[] {
    return [...new Set(this.tables.map((table) => this.of(table)))]
  }

  /** Does an answer know all that one before it knew? */
  private isCurrent(epoch: bigint): boolean {
    const now_ms = performance.now()
    if (epoch < this.epoch && now_ms - this.heard_ms < BEHIND_MS_MAX) return false
    this.epoch = epoch
    this.heard_ms = now_ms
    return true
  }

  private heard(projection: string, version: string, carrier: Carrier): void {
    const name = `${projection}.v${version}`
    const before = this.carriers.get(name)
    this.carriers.set(name, carrier)
    if ((before?.fleet ?? this.own) !== carrier.fleet) this.emit('changed', projection)
    else if (before && before.build !== carrier.build) this.emit('promoted', projection)
  }

  /** Projections that have no live build: they are being built for the first time in this version. */
  get trouble(): string | undefined {
    const missing = this.tables.map(nameOf).filter((name) => !this.carriers.has(name))
    return this.carriers.size === 0 || missing.length === 0
      ? undefined
      : `being built: ${[...new Set(missing)].join(', ')}`
  }

  private async look(): Promise<void> {
    const projections = [...new Set(this.tables.map(({ projection }) => projection))]
    try {
      const rows = await this.rows(CARRIERS_SQL, [
        projections.map(({ name }) => name),
        projections.map(({ version }) => version),
      ])
      // The same in every row.
      const isCurrent = rows.every(({ epoch }) => this.isCurrent(BigInt(String(epoch))))
      for (const { projection, version, fleet, build, live_at } of isCurrent ? rows : []) {
        const carrier = { fleet: String(fleet), build: Number(build), liveAt: BigInt(String(live_at)) }
        this.heard(String(projection), String(version), carrier)
      }
    } catch (error) {
      this.logger.debug({ reason: reasonOf(error) }, 'who folds cannot be asked; it stands as it was')
    }
    if (!this.isClosed) this.timer = setTimeout(() => void this.look(), this.poll_ms)
  }
}
