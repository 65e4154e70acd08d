import { DataSource, EntitySchema } from 'typeorm'
import { type Domain, type RecordedEvent } from '#domain-kit'
import { entitiesOf, indexBuilds, migrateReadModels, tablesOf } from '#read-models'
import { type EntityTable, project } from './typeorm-rows.js'

interface Checkpoint {
  readonly name: string
  readonly position: string
}

const Checkpoints = new EntitySchema<Checkpoint>({
  name: 'checkpoints',
  schema: 'bench',
  tableName: 'checkpoints',
  columns: {
    name: { type: 'text', primary: true },
    position: { type: 'bigint' },
  },
})

/** One projector, one checkpoint. */
const NAME = 'projector'

const CHECKPOINTS_SQL = `
create schema bench;
create table bench.checkpoints (name text primary key, position bigint not null);
insert into bench.checkpoints (name, position) values ('${NAME}', 0)`

/** Which events of a log are folded: so many first, which are not measured, then at most so many that are. */
export interface Part {
  readonly before: number
  readonly measured: number
}

export interface PeerResult {
  /** That were measured. */
  readonly events: number
  readonly seconds: number
  readonly per_s: number
}

/**
 * What a team would write instead: the same read models, row at a time, with TypeORM. One transaction an event: the rows that it
 * touches are found, changed and saved, and the checkpoint is updated. One event after the other, because their order matters.
 *
 * @param url of an empty database; its tables are made, which is not measured.
 * @param events of the log, in order; what is waited for until they come is measured.
 */
export async function projectWithTypeOrm(
  url: string,
  domains: readonly Domain[],
  events: AsyncIterable<RecordedEvent>,
  { before, measured }: Part,
): Promise<PeerResult> {
  const tables = tablesOf(domains)
  await migrateReadModels(url, tables)
  await indexBuilds(url, tables)
  const entities = entitiesOf(tables)
  const pairs = tables.flatMap((table, at): EntityTable[] => {
    const entity = entities[at]
    return entity ? [{ table, entity }] : []
  })
  const source = new DataSource({ type: 'postgres', url, entities: [...entities, Checkpoints], poolSize: 1 })
  await source.initialize()
  await source.query(CHECKPOINTS_SQL)
  try {
    let begin_ms = performance.now()
    let done = 0
    for await (const event of events) {
      if (done === before) begin_ms = performance.now()
      if (done === before + measured) break
      await one(source, domains, pairs, event)
      done += 1
    }
    const seconds = (performance.now() - begin_ms) / 1_000
    const folded = Math.max(0, done - before)
    return { events: folded, seconds, per_s: folded / seconds }
  } finally {
    await source.destroy()
  }
}

async function one(
  source: DataSource,
  domains: readonly Domain[],
  tables: readonly EntityTable[],
  event: RecordedEvent,
): Promise<void> {
  const projections = domains.flatMap((domain) => domain.projections)
  await source.transaction(async (manager) => {
    for (const projection of projections) await project(manager, projection, tables, event)
    await manager.update(Checkpoints, { name: NAME }, { position: `${event.position}` })
  })
}
