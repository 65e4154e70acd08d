import { type QueryRunner } from 'typeorm'
import { lanesOf } from '../project/lanes.js'
import { type ReadTable } from '../tables/table.js'
import { createTables } from './create-tables.js'
import { fleetOf } from './fleet.js'
import { schemaIn } from './slots.js'

/** In: projection, version, build, slot. */
const BUILD_SQL = `
insert into headwater.builds (projection, version, build, slot, is_indexed, promotes_itself) values ($1, $2, $3, $4, false, true)`

/** In: projection, version, build, lanes, fleet, position. */
const MEMBERS_SQL = `
insert into headwater.members (projection, version, build, lane, fleet, position)
select $1, $2, $3, lane, $5, $6 from unnest($4::int[]) as lane`

/** A fleet that begins stands where the one before it stands. In: fleet, lanes. */
const FLEET_SQL = `
insert into headwater.lanes (fleet, lane, position, epoch, holder, backend, expires_at)
select $1, l, coalesce(
    (select max(position) from headwater.lanes o where o.lane = l),
    (select max(position) from headwater.members m where m.lane = l and m.fleet = $1), 0), 0, '', 0, '-infinity'
from unnest($2::int[]) as l on conflict do nothing`

/** In: fleet, projections, versions. */
const KNOWN_SQL = `
insert into headwater.fleets (fleet, projection, version) select $1, * from unnest($2::text[], $3::int[]) on conflict do nothing`

/**
 * A build for each installed projection version that has none. The first version of a projection is live at once; a later one
 * is built beside the one before, and promotes itself when it has caught up. Call under the migrations' lock.
 */
export async function ensureBuilds(runner: QueryRunner, tables: readonly ReadTable[]): Promise<void> {
  const fleet = fleetOf(tables)
  const projections = [...new Set(tables.map(({ projection }) => projection))]
  await runner.query(KNOWN_SQL, [fleet, projections.map(({ name }) => name), projections.map(({ version }) => version)])
  for (const projection of projections) {
    const mine = tables.filter((table) => table.projection === projection)
    const known = (await runner.query('select version from headwater.builds where projection = $1', [
      projection.name,
    ])) as { version: number }[]
    if (known.some(({ version }) => version === projection.version)) continue
    await begin(runner, mine, fleet, known.length === 0)
  }
  await runner.query(FLEET_SQL, [fleet, [...new Set(tables.flatMap(lanesOf))]])
  await runner.query('drop table if exists headwater.checkpoints')
}

async function begin(
  runner: QueryRunner,
  tables: readonly ReadTable[],
  fleet: string,
  isFirst: boolean,
): Promise<void> {
  const [table] = tables
  if (!table) return
  const { name, version } = table.projection
  const slot = isFirst ? 'live' : 'next'
  await runner.startTransaction()
  try {
    await createTables(runner, tables, schemaIn(table.projection, slot))
    await runner.query(BUILD_SQL, [name, version, 1, slot])
    await runner.query(MEMBERS_SQL, [
      name,
      version,
      1,
      lanesOf(table),
      fleet,
      await earlierCheckpoint(runner, name, version),
    ])
    await runner.commitTransaction()
  } catch (error) {
    await runner.rollbackTransaction()
    throw error
  }
}

/** Where the one checkpoint of all lanes stood before there were lanes. */
async function earlierCheckpoint(runner: QueryRunner, name: string, version: number): Promise<string> {
  const [there] = (await runner.query("select to_regclass('headwater.checkpoints') is not null as is_there")) as {
    is_there: boolean
  }[]
  if (!there?.is_there) return '0'
  const [row] = (await runner.query(
    'select position from headwater.checkpoints where projection = $1 and version = $2 and partition = 0',
    [name, version],
  )) as { position: string }[]
  return row?.position ?? '0'
}
