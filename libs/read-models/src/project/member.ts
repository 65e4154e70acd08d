import { type AnyProjection } from '#domain-kit'
import { type Slot } from '../builds/slots.js'
import { type ReadTable } from '../tables/table.js'
import { WHOLE } from './lanes.js'
import { TableState } from './table-state.js'

/** One build as one process folds it: in which lanes, and how far each is. */
export interface MemberPlan {
  readonly projection: AnyProjection
  readonly build: number
  readonly slot: Slot
  /** Has it what its readers need? */
  readonly isIndexed: boolean
  /** As this build has them. */
  readonly tables: readonly ReadTable[]
  readonly isPartitioned: boolean
  /** Last position folded, by lane. */
  readonly lanes: ReadonlyMap<number, bigint>
  /** Lanes that it does not go with yet: its own position there is written down. */
  readonly joining: ReadonlySet<number>
  /** Events to leave out. */
  readonly skips: ReadonlySet<bigint>
}

export class Member {
  readonly states: ReadonlyMap<string, TableState>
  readonly positions: Map<number, bigint>
  readonly joining: Set<number>
  /**
   * Lanes in which the cache knows it at a position of its own, from when it did not go with them: it is told nothing more there. Where it has met its lane,
   * the next unit begins with a new generation.
   */
  untold: ReadonlySet<number>

  constructor(readonly plan: MemberPlan) {
    // What stands at the beginning of the log in all of its lanes has no row of theirs.
    const isEmpty = [...plan.lanes.values()].every((position) => position === 0n)
    this.states = new Map(plan.tables.map((table) => [table.name, new TableState(table, isEmpty)]))
    this.positions = new Map(plan.lanes)
    this.joining = new Set(plan.joining)
    this.untold = plan.joining
  }

  /** An event of one of its types, in this partition, at this position. */
  wants(partition: number, position: bigint): boolean {
    const { isPartitioned, skips } = this.plan
    const at = this.positions.get(isPartitioned ? partition : WHOLE)
    return at !== undefined && position > at && !(skips.size > 0 && skips.has(position))
  }

  forget(): void {
    for (const state of this.states.values()) state.forget()
  }
}
