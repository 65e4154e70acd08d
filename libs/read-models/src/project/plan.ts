import { type ClientBase } from 'pg'
import { schemaIn, type Slot } from '../builds/slots.js'
import { type ReadTable, tableIn } from '../tables/table.js'
import { type Owned } from './ownership.js'
import { type MemberPlan } from './member.js'

/** In: fleet, lanes. Out: the lanes' positions. Locks nothing. */
const LANES_SQL = 'select lane, position from headwater.lanes where fleet = $1 and lane = any($2::int[])'

/** In: fleet, lanes. Out: each build's place in each lane, and whether it goes on there. Locks nothing. */
const MEMBERS_SQL = `
select m.projection, m.version, m.build, b.slot, b.is_indexed, m.lane, m.position, m.stopped is not null as is_stopped
from headwater.members m join headwater.builds b using (projection, version, build)
where m.fleet = $1 and m.lane = any($2::int[]) order by m.projection, m.version, m.build, m.lane`

const SKIPS_SQL = 'select projection, version, build, position from headwater.skips'

/** In events. Who has no more than so many to catch up with is near: a build then goes along with the lanes, which wait for it. */
export const NEAR = 2_000n

interface MemberRow {
  readonly projection: string
  readonly version: number
  readonly build: number
  readonly slot: Slot
  readonly is_indexed: boolean
  readonly lane: number
  readonly position: string | null
  readonly is_stopped: boolean
}

/** What one process has to fold. */
export interface Plan {
  readonly lanes: Owned
  readonly positions: ReadonlyMap<number, bigint>
  /** They go with the lanes, or are so near that they can. */
  readonly together: readonly MemberPlan[]
  /** Too far behind: each catches up by itself first. */
  readonly behind: readonly MemberPlan[]
  /** Equal as long as there is nothing to do differently, in whatever order the lanes come. */
  readonly key: string
}

export interface Planned {
  readonly fleet: string
  readonly tables: readonly ReadTable[]
  readonly lanes: Owned
  /** So far behind its lane, in positions, a build is near. Default {@link NEAR}. */
  readonly near?: bigint
}

/** Looks into the database what is to be folded in these lanes. */
export async function planFor(client: ClientBase, { fleet, tables, lanes, near = NEAR }: Planned): Promise<Plan> {
  const values = [fleet, [...lanes.keys()]]
  const found = await client.query<MemberRow>(MEMBERS_SQL, values)
  // After the members: one that joined its lane meanwhile is not thought to be ahead of it.
  const { rows } = await client.query<{ lane: number; position: string }>(LANES_SQL, values)
  const skips = await client.query<{ projection: string; version: number; build: number; position: string }>(SKIPS_SQL)
  const positions = new Map(rows.map(({ lane, position }) => [lane, BigInt(position)]))
  const going = found.rows.filter(({ is_stopped }) => !is_stopped)
  // For what comes along without its indexes its lanes wait: they do where nothing of them answers yet.
  const isServing = going.some(({ slot, is_indexed }) => slot === 'live' && is_indexed)
  const isReady = ({ slot, is_indexed }: MemberRow): boolean => is_indexed || (slot === 'live' && !isServing)
  const isNear = (row: MemberRow): boolean =>
    row.position === null || (isReady(row) && BigInt(row.position) + near >= (positions.get(row.lane) ?? 0n))
  const plans = (mine: readonly MemberRow[]): MemberPlan[] =>
    grouped(mine).flatMap((group) => planOf(group, tables, positions, skips.rows) ?? [])
  const together = going.filter(isNear)
  const behind = going.filter((row) => !isNear(row))
  const told = (row: MemberRow): unknown[] => [row.projection, row.version, row.build, row.slot, row.lane]
  const key = JSON.stringify([
    [...lanes].map(([lane, epoch]) => [lane, String(epoch)]).sort(),
    together.map(told),
    behind.map(told),
    skips.rows,
  ])
  return { lanes, positions, together: plans(together), behind: plans(behind), key }
}

const nameOf = ({ projection, version, build }: Pick<MemberRow, 'projection' | 'version' | 'build'>): string =>
  `${projection}.v${version}.${build}`

function grouped(rows: readonly MemberRow[]): readonly MemberRow[][] {
  const groups = new Map<string, MemberRow[]>()
  for (const row of rows) groups.set(nameOf(row), [...(groups.get(nameOf(row)) ?? []), row])
  return [...groups.values()]
}

/** Undefined for a version that this code does not know. */
function planOf(
  rows: readonly MemberRow[],
  tables: readonly ReadTable[],
  positions: ReadonlyMap<number, bigint>,
  skips: readonly { projection: string; version: number; build: number; position: string }[],
): MemberPlan | undefined {
  const [first] = rows
  const mine = tables.filter(
    ({ projection }) => projection.name === first?.projection && projection.version === first.version,
  )
  const [table] = mine
  if (!first || !table) return undefined
  const schema = schemaIn(table.projection, first.slot)
  return {
    projection: table.projection,
    build: first.build,
    slot: first.slot,
    isIndexed: first.is_indexed,
    tables: mine.map((each) => tableIn(each, schema)),
    isPartitioned: table.isPartitioned,
    lanes: new Map(rows.map(({ lane, position }) => [lane, BigInt(position ?? positions.get(lane) ?? 0n)])),
    joining: new Set(rows.filter(({ position }) => position !== null).map(({ lane }) => lane)),
    skips: new Set(skips.filter((each) => nameOf(each) === nameOf(first)).map(({ position }) => BigInt(position))),
  }
}
