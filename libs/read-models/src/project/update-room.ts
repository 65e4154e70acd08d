import { type Pool } from 'pg'
import { type Logger, reasonOf } from '#runtime'

/**
 * In: schemas. Out: their tables, what was updated there ever, how many rows and MiB they have, and how full new pages are made, in percent. Locks
 * nothing, and waits for nobody, as to ask for a table's true size would: its pages are as the last vacuum, analysis or index found them.
 */
const TABLES_SQL = `
select s.relid::regclass::text as sql, s.n_tup_upd::float as updates, greatest(s.n_live_tup, c.reltuples, 1)::float as rows,
  c.relpages * current_setting('block_size')::float / 1048576 as size_mib, coalesce((
  select option_value::int from pg_options_to_table(c.reloptions) where option_name = 'fillfactor'), 100) as fill_percent
from pg_stat_user_tables s join pg_class c on c.oid = s.relid where s.schemaname = any($1)`

/** Whoever makes an index of the table is not waited for: there is a next time. */
const fillSql = (sql: string, percent: number): string =>
  `set local lock_timeout = '100ms'; alter table ${sql} set (fillfactor = ${percent})`

interface TableRow {
  readonly sql: string
  readonly updates: number
  readonly rows: number
  readonly size_mib: number
  readonly fill_percent: number
}

const DENSE_PERCENT = 100
/** A table that was given room may grow so many times larger than one that is given any; then it is dense again. */
const GROWTH = 8

/** For so long versions of a row are kept that nobody reads: replicas say once a second what they still need. */
const KEPT_S = 2
const PERCENT_MIN = 10
/** A change smaller than that is not worth it. */
const WORTH = 0.8

export interface UpdateRoomOptions {
  readonly pool: Pool
  readonly schemas: readonly string[]
  readonly logger: Logger
  /** How often it looks, in ms. Default 5,000. */
  readonly every_ms?: number
  /**
   * Larger tables stay dense: after a crash the server does not know how many rows it has, and room for all of many would be dear. Default 32.
   */
  readonly size_mib_max?: number
}

/**
 * Leaves room in the pages of tables whose rows change often, for as many versions as a row has before the first of them may go: an update
 * that finds room beside its row touches no index (PostgreSQL documentation, "Heap-Only Tuples"). A full page sends the row to another
 * one, where it is the same, and each such update writes every index of the table and leaves an entry behind. Tables get it by what is seen of
 * them, because what is a lot depends on how many rows there are: a table of which a row changes less than once in eight seconds
 * stays dense.
 */
export class UpdateRoom {
  private seen: ReadonlyMap<string, number> = new Map()
  private seen_ms = -Infinity
  /** When it looked last, whether it saw anything or not. */
  private looked_ms = -Infinity

  constructor(private readonly options: UpdateRoomOptions) {}

  /** Cheap, and mostly does nothing. Never fails: what could not be done is done another time, if it is still wanted. */
  async look(): Promise<void> {
    const { pool, schemas, logger, every_ms = 5_000, size_mib_max = 32 } = this.options
    const now_ms = performance.now()
    if (now_ms - this.looked_ms < every_ms) return
    this.looked_ms = now_ms
    try {
      const { rows: tables } = await pool.query<TableRow>(TABLES_SQL, [schemas])
      const passed_s = (now_ms - this.seen_ms) / 1_000
      const { seen } = this
      this.seen = new Map(tables.map(({ sql, updates }) => [sql, updates]))
      this.seen_ms = now_ms
      for (const table of tables) {
        const percent = fillOf(table, seen.get(table.sql) ?? table.updates, passed_s, size_mib_max)
        if (percent === undefined) continue
        await pool.query(fillSql(table.sql, percent))
        logger.info(
          { table: table.sql, percent },
          'pages of a table are filled otherwise, by how often its rows change',
        )
      }
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'pages could not be given room for updates')
    }
  }
}

/** How full pages are to be made, in percent: the rest is for the versions that come within {@link KEPT_S}. Undefined: as they are. */
function fillOf(table: TableRow, before: number, passed_s: number, size_mib_max: number): number | undefined {
  const { updates, rows, size_mib, fill_percent } = table
  if (size_mib > size_mib_max)
    return size_mib > size_mib_max * GROWTH && fill_percent < DENSE_PERCENT ? DENSE_PERCENT : undefined
  const perRow_s = (updates - before) / passed_s / rows
  const percent = Math.max(PERCENT_MIN, Math.floor(DENSE_PERCENT / (1 + perRow_s * KEPT_S)))
  return percent < fill_percent * WORTH ? percent : undefined
}
