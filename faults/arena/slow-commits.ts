import pg from 'pg'

/**
 * A slow disk, as its user sees it: everything that is written as usual, and commits that take long, with all locks held.
 * Deferred triggers run at the very end of a transaction; those on the log's batches and on the lease hit whatever the
 * writers commit. What waits looks again and again, so that healing is felt at once.
 */
const BRAKE_SQL = `
create schema brake;
create table brake.commits (delay_ms integer not null);
insert into brake.commits values (0);
create function brake.hold() returns trigger language plpgsql as $$
declare began timestamptz = clock_timestamp();
begin
  while clock_timestamp() < began + (select delay_ms from brake.commits) * interval '1 ms' loop
    perform pg_sleep(0.02);
  end loop;
  return null;
end $$;
create constraint trigger brake_batch after insert on log.recent_names deferrable initially deferred
  for each row execute function brake.hold();
create constraint trigger brake_lease after insert or update on log.leases deferrable initially deferred
  for each row execute function brake.hold();`

async function run(url: string, sql: string, values: readonly unknown[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query(sql, [...values])
  } finally {
    await client.end()
  }
}

export async function layBrake(url: string): Promise<void> {
  await run(url, BRAKE_SQL)
}

/** From now on each commit of a writer takes so long, in ms; 0: as long as it takes. */
export async function brake(url: string, delay_ms: number): Promise<void> {
  await run(url, 'update brake.commits set delay_ms = $1', [delay_ms])
}
