import { type QueryRunner } from 'typeorm'

/** What an operator asked for, and who that is. */
export interface Decision {
  readonly actor: string
  readonly action: string
}

/** An entry of the record of operators: who did what with which build, and when. */
export interface DecisionRecord extends Decision {
  /** In ISO 8601. */
  readonly at: string
  readonly projection: string
  readonly version: number
  readonly build: number
  /** null: it was about the build as a whole. */
  readonly lane: number | null
  /** Of the event that it was about, as decimal text. */
  readonly position: string | null
  readonly detail: string
}

/** What was decided about. */
interface Subject {
  readonly name: string
  readonly version: number
  readonly build: number
  readonly lane?: number
  /** Of an event, as decimal text. */
  readonly position?: string
}

/** So many are told, the newest first. All of them stay in `headwater.decisions`. */
export const DECISIONS_MAX = 100

/** In: actor, action, projection, version, build, lane, position, detail. */
const DECIDED_SQL = `
insert into headwater.decisions (actor, action, projection, version, build, lane, position, detail)
values ($1, $2, $3, $4, $5, $6, $7, $8)`

/** In: projection (null: all of them), how many. Out: the newest first. Locks nothing. */
const DECISIONS_SQL = `
select decided_at, actor, action, projection, version, build, lane, position, detail from headwater.decisions
where $1::text is null or projection = $1 order by id desc limit $2`

/** Writes down what was decided, in the transaction in which it is done. */
export async function decided(
  runner: QueryRunner,
  { actor, action }: Decision,
  { name, version, build, lane, position }: Subject,
  detail: string,
): Promise<void> {
  const values = [actor, action, name, version, build, lane ?? null, position ?? null, detail]
  await runner.query(DECIDED_SQL, values)
}

/** The newest {@link DECISIONS_MAX}, of one projection or of all, newest first. */
export async function decisionsIn(runner: QueryRunner, name: string | undefined): Promise<readonly DecisionRecord[]> {
  const rows = (await runner.query(DECISIONS_SQL, [name ?? null, DECISIONS_MAX])) as (Omit<DecisionRecord, 'at'> & {
    readonly decided_at: Date
  })[]
  return rows.map(({ decided_at, ...record }) => ({ at: decided_at.toISOString(), ...record }))
}
