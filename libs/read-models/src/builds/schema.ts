import { LOCKS } from '#runtime'

/**
 * What the projection runtime keeps beside the rows; it replicates with them.
 *
 * - `lanes`: how far a fleet (all projectors of one set of projection versions) has folded each lane, and who owns it. Row locked by each batch.
 * - `builds`: each set of tables that a projection version has. `live` is what queries read, `next` is being built or waits to be
 *   promoted, `previous` was live and is folded on, so that it can be again. Up to `live_at` another build may have answered what this one answers
 *   now: a reader that goes on from there begins anew.
 * - `members`: which lanes a build is folded in, by which fleet. `position` is null while it goes with its lane; `stopped` says why it does not go at all.
 * - `skips`: events that an operator has told a build to leave out. `decisions`: what operators did, for ever.
 * - `projectors`: who is there to share the lanes among. `fleets`: which versions each fleet knows.
 */
export const LANES_SQL = `
create sequence headwater.epochs;
create table headwater.lanes (
  fleet text not null, lane integer not null, position bigint not null, epoch bigint not null,
  holder text not null, backend integer not null, expires_at timestamptz not null, primary key (fleet, lane));
create table headwater.builds (
  projection text not null, version integer not null, build integer not null,
  slot text not null check (slot in ('live', 'next', 'previous')),
  is_indexed boolean not null, promotes_itself boolean not null, created_at timestamptz not null default now(),
  primary key (projection, version, build), unique (projection, version, slot) deferrable initially deferred);
create table headwater.members (
  projection text not null, version integer not null, build integer not null, lane integer not null,
  fleet text not null, position bigint, stopped json, primary key (projection, version, build, lane),
  foreign key (projection, version, build) references headwater.builds on delete cascade);
create table headwater.fleets (
  fleet text not null, projection text not null, version integer not null, primary key (fleet, projection, version));
create table headwater.skips (
  projection text not null, version integer not null, build integer not null, position bigint not null,
  primary key (projection, version, build, position),
  foreign key (projection, version, build) references headwater.builds on delete cascade);
create table headwater.decisions (
  id bigint generated always as identity primary key, decided_at timestamptz not null default clock_timestamp(),
  actor text not null, action text not null, projection text not null, version integer not null, build integer not null,
  position bigint, detail text not null);
create table headwater.projectors (
  instance text primary key, fleet text not null, backend integer not null, seen_at timestamptz not null)`

/**
 * Lanes to be changed, as `locked`: for a `with`; {@link IS_LOCKED} finds them. Whoever locks several of them does so in one order, and no
 * two wait for each other: a plain `update` takes them as they happen to lie in the table.
 */
export const lockedLanes = (where: string): string =>
  `locked as (select fleet, lane from headwater.lanes where ${where} order by fleet, lane for no key update)`
/** The lane `l` is one of those. */
export const IS_LOCKED = '(l.fleet, l.lane) = (locked.fleet, locked.lane)'

/** Raises HW001 unless as many rows are as they must be as there are. In: how many are, how many there are. */
const MUST_HOLD_SQL = `
create function headwater.must_hold(held bigint, wanted bigint) returns void language plpgsql as $$
begin
  if held <> wanted then
    raise exception 'another projector or connection has these lanes by now' using errcode = 'HW001';
  end if;
end $$`

/**
 * Fence and checkpoint of a batch in one statement. In: fleet, lanes, epochs, where each lane must be (null: wherever), and how far they are
 * now; a position never goes back, null leaves them where they are. Raises HW001 when one of the lanes is another's by now, or not where the batch
 * begins: what the same owner sent on an earlier connection came after all. Locks the lanes, in their order, to the end of the transaction.
 */
const ADVANCE_SQL = `
create function headwater.advance(of text, ours int[], epochs bigint[], befores bigint[], reached bigint)
returns void language plpgsql as $$
declare held integer;
begin
  if reached is null then
    perform 1 from headwater.lanes l join unnest(ours, epochs, befores) as o(lane, epoch, before) using (lane, epoch)
      where l.fleet = of and l.position = coalesce(o.before, l.position) order by l.lane for share of l;
  else
    perform 1 from headwater.lanes where fleet = of and lane = any(ours) order by lane for no key update;
    update headwater.lanes l set position = greatest(l.position, reached)
    from unnest(ours, epochs, befores) as o(lane, epoch, before)
    where l.fleet = of and l.lane = o.lane and l.epoch = o.epoch and l.position = o.before;
  end if;
  get diagnostics held = row_count;
  perform headwater.must_hold(held, cardinality(ours));
end $$`

/**
 * Epochs go on at the clock, in ms since 1970, where they are behind it by more than a second: Redis knows them, too, and may have outlived the database
 * that gave them out, made anew or restored from a backup since. They never go back: nobody takes a thousand of them within one call. One call
 * at a time.
 */
export const EPOCHS_SQL = `
create function headwater.epochs_by_the_clock() returns void language plpgsql as $$
declare now_ms bigint;
begin
  perform pg_advisory_xact_lock(${LOCKS.epochs});
  now_ms := extract(epoch from clock_timestamp()) * 1000;
  perform setval('headwater.epochs', now_ms) from headwater.epochs where last_value < now_ms - 1000;
end $$`

export const FENCE_FUNCTIONS_SQL = `${MUST_HOLD_SQL}; ${ADVANCE_SQL}`
