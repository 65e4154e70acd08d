import { arrayText, literal } from './sql-values.js'
import { type Member } from './member.js'
import { type Owned } from './ownership.js'

/** How far a build is that does not go with its lane. */
export interface MovedMember {
  readonly member: Member
  readonly lane: number
  /** Where it is before this. */
  readonly before: bigint
  /** null: it goes with its lane from now on. */
  readonly position: bigint | null
}

const array = (values: readonly { toString(): string }[], type: string): string =>
  `${literal(arrayText(values.map(String)))}::${type}[]`

/**
 * Are the lanes still ours, and where they were (undefined: wherever); and where they are now, unless that is null. See `headwater.advance`.
 */
export function advanceSql(
  fleet: string,
  lanes: Owned,
  befores: ReadonlyMap<number, bigint> | undefined,
  position: bigint | null,
): string {
  const [ours, epochs] = [array([...lanes.keys()], 'int'), array([...lanes.values()], 'bigint')]
  const there = befores
    ? array(
        [...lanes.keys()].map((lane) => befores.get(lane) ?? 0n),
        'bigint',
      )
    : 'null'
  return `select headwater.advance(${literal(fleet)}, ${ours}, ${epochs}, ${there}, ${position ?? 'null'})`
}

/**
 * Moves builds from where they must be: one without a position of its own is where its lane is. Raises HW001 when one is elsewhere. After
 * {@link advanceSql}, which holds the lanes. Locks the rows.
 */
export function membersSql(moved: readonly MovedMember[]): string {
  const rows = moved.map(({ member: { plan }, lane, before, position }) => {
    const { name, version } = plan.projection
    return `(${literal(name)}, ${version}, ${plan.build}, ${lane}, ${before}::bigint, ${position ?? 'null'}::bigint)`
  })
  return `with moved as (
  update headwater.members m set position = o.position
  from (values ${rows.join(', ')}) as o(projection, version, build, lane, before, position), headwater.lanes l
  where m.projection = o.projection and m.version = o.version and m.build = o.build and m.lane = o.lane
    and l.fleet = m.fleet and l.lane = m.lane and coalesce(m.position, l.position) = o.before returning 1)
select headwater.must_hold(count(*), ${moved.length}) from moved`
}
