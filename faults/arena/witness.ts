import pg from 'pg'
import { type Epochs } from '#testing'

/**
 * Who committed what, as the database itself saw it: each event's position with the epoch that its writer's connection is
 * named after, and each term with the last position before it. Row by row, so that no way of writing gets past it.
 */
const WITNESS_SQL = `
create schema witness;
create table witness.commits (position bigint not null, epoch bigint);
create table witness.terms (epoch bigint not null, after bigint not null);
create function witness.commit() returns trigger language plpgsql as $$ begin
  insert into witness.commits
  values (new.position, substring(current_setting('application_name') from '^headwater event-writer (\\d+)')::bigint);
  return null;
end $$;
create function witness.term() returns trigger language plpgsql as $$ begin
  insert into witness.terms values (new.epoch, (select coalesce(max(position), 0) from log.events));
  return null;
end $$;
create trigger witness_commit after insert on log.events for each row execute function witness.commit();
create trigger witness_first_term after insert on log.leases for each row execute function witness.term();
create trigger witness_term after update on log.leases
  for each row when (new.epoch <> old.epoch) execute function witness.term();`

export async function layWitness(url: string): Promise<void> {
  await withClient(url, (client) => client.query(WITNESS_SQL))
}

export interface Testimony extends Epochs {
  /** Positions of which the witness saw nothing: then it proves nothing. */
  readonly unseen: (positions: readonly bigint[]) => number
}

export async function hearWitness(url: string): Promise<Testimony> {
  return withClient(url, async (client) => {
    const commits = new Map<bigint, bigint>()
    const seen = await client.query<{ position: string; epoch: string | null }>('select * from witness.commits')
    for (const { position, epoch } of seen.rows) if (epoch !== null) commits.set(BigInt(position), BigInt(epoch))
    const { rows } = await client.query<{ epoch: string; after: string }>('select * from witness.terms')
    return {
      terms: rows.map(({ epoch, after }) => ({ epoch: BigInt(epoch), after: BigInt(after) })),
      committedBy: (position) => commits.get(position),
      unseen: (positions) => positions.filter((each) => !commits.has(each)).length,
    }
  })
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
