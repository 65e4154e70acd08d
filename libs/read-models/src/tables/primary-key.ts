import { quoted, type ReadTable } from './table.js'

/**
 * Gives a table its primary key, if it has none. One statement, and a transaction of its own where there is none. Locks the table
 * against writing.
 *
 * @throws what Postgres throws when there are two rows of one key (SQLSTATE 23505).
 */
export function primaryKeySql({ sql, keys }: ReadTable): string {
  return `do $key$ begin
  lock table ${sql} in share row exclusive mode;
  if not exists (select from pg_index where indrelid = '${sql}'::regclass and indisprimary) then
    alter table ${sql} add primary key (${quoted(keys)});
  end if;
end $key$`
}
