import { type AnyAggregate } from './command.js'
import { type Columns, type KeyColumns, type RowOf, text } from './columns.js'
import { type AnyBatchProjection, type BatchProjection, projection, type Projection } from './projection.js'

const TIMES = { id: text().key(), time: text().key() }

/**
 * When the events of an aggregate came, one row for each instance and millisecond: how `?at=TIME` finds its position. Every type
 * of event counts, so that the position is that of the last event at or before the time.
 */
export type Timeline = Projection<typeof TIMES>

/** The timeline of an aggregate; its table is `<aggregate>_times`. */
export function timeline(of: AnyAggregate): Timeline {
  const keep = (row: RowOf<typeof TIMES>): RowOf<typeof TIMES> => row
  return projection(`${of.name}_times`, {
    version: 1,
    of,
    table: TIMES,
    key: ({ aggregateId, time }) => ({ id: aggregateId, time }),
    fold: Object.fromEntries(Object.keys(of.evolve).map((type) => [type, keep])),
  })
}

/** What was asked for, beside the position. */
export interface Asked<Q = object> {
  readonly params: Readonly<Record<string, string>>
  readonly query: Q
}

/**
 * How a document or a collection is answered as it was: from lines that are written once and never change, of each series the
 * last one up to the position. Costs one look into an index for each series, however many lines there are.
 */
export interface Latest<Q = object> {
  readonly timeline: Timeline
  readonly of: AnyBatchProjection
  /** The table with one row for each series: its key columns name it. */
  readonly series: string
  /** The table of the lines; it has the series' key columns, too. */
  readonly lines: string
  /** The series' key columns, in order. */
  readonly by: readonly string[]
  answer(lines: readonly RowOf<Columns>[], asked: Asked<Q>): object
}

/** See {@link Latest}. Lines must be inserted and never changed: only then is an earlier state still there. */
export function latest<
  const T extends Readonly<Record<string, Columns>>,
  const S extends keyof T & string,
  const L extends keyof T & string,
  Q = object,
>(
  of: BatchProjection<T>,
  options: {
    readonly timeline: Timeline
    readonly series: S & (KeyColumns<T[S]> extends keyof T[L] ? unknown : 'the lines lack a key column of the series')
    readonly lines: L
    readonly answer: (lines: readonly RowOf<T[L]>[], asked: Asked<Q>) => object
  },
): Latest<Q> {
  const { series, lines, answer } = options
  const by = Object.entries<Columns[string]>(of.tables[series] ?? {}).flatMap(([name, { isKey }]) =>
    isKey ? [name] : [],
  )
  return { timeline: options.timeline, of, series, lines, by, answer: answer }
}
