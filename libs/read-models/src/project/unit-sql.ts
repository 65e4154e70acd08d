import { arrayText, literal } from './sql-values.js'
import { type Member } from './member.js'
import { type Owned } from './ownership.js'

/** How far a build is that does not go with its lane. */
export interface MovedMember {
  readonly member: Member
  readonly lane: number
  /** null: it goes with its lane from now on. */
  readonly position: bigint | null
}

const array = (values: readonly { toString(): string }[], type: string): string =>
  `${literal(arrayText(values.map(String)))}::${type}[]`

/** Are the lanes still ours; and where they are now, unless that is null. See `headwater.advance`. */
export function advanceSql(fleet: string, lanes: Owned, position: bigint | null): string {
  const [ours, epochs] = [array([...lanes.keys()], 'int'), array([...lanes.values()], 'bigint')]
  return `select headwater.advance(${literal(fleet)}, ${ours}, ${epochs}, ${position ?? 'null'})`
}

/** Locks the rows. */
export function membersSql(moved: readonly MovedMember[]): string {
  const rows = moved.map(({ member: { plan }, lane, position }) => {
    const { name, version } = plan.projection
    return `(${literal(name)}, ${version}, ${plan.build}, ${lane}, ${position ?? 'null'}::bigint)`
  })
  return `update headwater.members m set position = o.position
from (values ${rows.join(', ')}) as o(projection, version, build, lane, position)
where m.projection = o.projection and m.version = o.version and m.build = o.build and m.lane = o.lane`
}
