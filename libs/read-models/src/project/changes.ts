import { type Columns, streamOf } from '#domain-kit'
import { encodeRow, keyText, type StoredRow } from '../tables/row-codec.js'
import { type ReadTable } from '../tables/table.js'
import { partitionOf, WHOLE } from './lanes.js'

/** `new`: a row that was not there, or was deleted and made anew; `set`: one that changed; `del`: one that is gone. */
export type Op = 'new' | 'set' | 'del'

/** One changed row as the feed carries it: table, op, row, created position, ordinal, changed position. */
export type FeedChange = readonly [
  table: string,
  op: Op,
  row: unknown[],
  created: string,
  ordinal: number,
  changed: string,
]

/** What one batch did to the watched tables. */
export interface BatchChanges {
  readonly changes: readonly FeedChange[]
  /** Cache keys (without generation) and values; null deletes. */
  readonly documents: readonly (readonly [suffix: string, value: string | null])[]
}

/** A row after the batch, and whether it was there before. */
export interface Touched {
  readonly table: ReadTable
  /** Of one that is gone: as it was, but changed last by the event that deleted it. */
  readonly before: StoredRow | undefined
  readonly after: StoredRow | undefined
}

export function rowSuffix(table: Pick<ReadTable, 'id' | 'keys'>, key: Readonly<Record<string, unknown>>): string {
  return `${table.id}:${keyText(table.keys, key)}`
}

function feedChange(table: ReadTable, op: Op, { row, created, changed }: StoredRow): FeedChange {
  return [table.id, op, encodeRow(table.columns, row), created.position.toString(), created.ordinal, changed.toString()]
}

const inLogOrder = (a: StoredRow, b: StoredRow): number => {
  if (a.created.position !== b.created.position) return a.created.position < b.created.position ? -1 : 1
  return a.created.ordinal - b.created.ordinal
}

/** New rows in log order, then the final state of what changed, once a row. */
export function changesOf(touched: readonly Touched[]): BatchChanges {
  const fresh: { table: ReadTable; row: StoredRow }[] = []
  const changes: FeedChange[] = []
  const documents: [string, string | null][] = []
  for (const { table, before, after } of touched) {
    const known = after ?? before
    if (!known || !table.isWatched) continue
    if (table.isDocument) documents.push([rowSuffix(table, known.row), after ? documentText(table, after) : null])
    if (!after) changes.push(feedChange(table, 'del', known))
    else if (before?.created === after.created) changes.push(feedChange(table, 'set', after))
    else fresh.push({ table, row: after })
  }
  fresh.sort((a, b) => inLogOrder(a.row, b.row))
  return { changes: [...fresh.map(({ table, row }) => feedChange(table, 'new', row)), ...changes], documents }
}

/** A document row as Redis holds it. */
export function documentText({ columns }: { columns: Columns }, { row, created, changed }: StoredRow): string {
  return JSON.stringify([encodeRow(columns, row), created.position.toString(), created.ordinal, changed.toString()])
}

/** What a batch did, by lane. */
export type LaneChanges = ReadonlyMap<number, BatchChanges>

/** In which lane a row is folded. */
export function laneOf({ table, before, after }: Touched): number {
  if (!table.isPartitioned) return WHOLE
  const { name } = table.projection.of
  return partitionOf(streamOf(name, String((after ?? before)?.row[name])))
}

export function changesByLane(touched: readonly Touched[]): LaneChanges {
  const byLane = new Map<number, Touched[]>()
  for (const each of touched) {
    if (!each.table.isWatched) continue
    const lane = laneOf(each)
    const mine = byLane.get(lane)
    if (mine) mine.push(each)
    else byLane.set(lane, [each])
  }
  return new Map([...byLane].map(([lane, each]) => [lane, changesOf(each)]))
}
