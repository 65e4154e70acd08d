import { EventEmitter } from 'node:events'
import { type Logger, reasonOf } from '#runtime'
import { fleetOf } from '../builds/fleet.js'
import { type ReadTable } from '../tables/table.js'

/** In: projections, versions. Out: which fleet folds the live build of each. Locks nothing. */
const CARRIERS_SQL = `
select distinct m.projection, m.version, m.fleet from headwater.members m join headwater.builds b using (projection, version, build)
join unnest($1::text[], $2::int[]) as k(projection, version) using (projection, version) where b.slot = 'live'`

const POLL_MS = 1_000

type Rows = (text: string, values: readonly unknown[]) => Promise<readonly Readonly<Record<string, unknown>>[]>

const nameOf = ({ projection }: Pick<ReadTable, 'projection'>): string => `${projection.name}.v${projection.version}`

/**
 * Which fleet of projectors folds what this process reads: its cache and its feed are the ones to go by. Another one takes over only while a
 * release replaces another; see {@link fleetOf}. Emits `changed` with a projection's name when it does.
 */
export class Carriers extends EventEmitter<{ changed: [projection: string] }> {
  private readonly fleets = new Map<string, string>()
  private readonly own: string
  private timer: NodeJS.Timeout | undefined
  private isClosed = false

  constructor(
    private readonly tables: readonly ReadTable[],
    private readonly rows: Rows,
    private readonly logger: Logger,
  ) {
    super()
    this.own = fleetOf(tables)
  }

  start(): void {
    void this.look()
  }

  close(): void {
    this.isClosed = true
    clearTimeout(this.timer)
  }

  of(table: Pick<ReadTable, 'projection'>): string {
    return this.fleets.get(nameOf(table)) ?? this.own
  }

  /** All of them. */
  get all(): readonly string[] {
    return [...new Set(this.tables.map((table) => this.of(table)))]
  }

  private heard(projection: string, version: string, fleet: string): void {
    const name = `${projection}.v${version}`
    const before = this.fleets.get(name) ?? this.own
    this.fleets.set(name, fleet)
    if (before !== fleet) this.emit('changed', projection)
  }

  /** Projections that have no live build: they are being built for the first time in this version. */
  get trouble(): string | undefined {
    const missing = this.tables.map(nameOf).filter((name) => !this.fleets.has(name))
    return this.fleets.size === 0 || missing.length === 0
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
      for (const { projection, version, fleet } of rows) this.heard(String(projection), String(version), String(fleet))
    } catch (error) {
      this.logger.debug({ reason: reasonOf(error) }, 'who folds cannot be asked; it stands as it was')
    }
    if (!this.isClosed) this.timer = setTimeout(() => void this.look(), POLL_MS)
  }
}
