import { DataSource, EntitySchema } from 'typeorm'
import { type Domain, type RecordedEvent } from '#domain-kit'
import { entitiesOf, indexBuilds, migrateReadModels, tablesOf } from '#read-models'
import { type EntityTable, project } from './typeorm-rows.js'

interface Checkpoint {
  readonly projection: string
  readonly version: number
  readonly partition: number
  readonly position: string
  readonly epoch: string
}

const Checkpoints = new EntitySchema<Checkpoint>({
  name: 'checkpoints',
  schema: 'bench',
  tableName: 'checkpoints',
  columns: {
    projection: { type: 'text', primary: true },
    version: { type: 'integer', primary: true },
    partition: { type: 'integer', primary: true },
    position: { type: 'bigint' },
    epoch: { type: 'bigint' },
  },
})

const CHECKPOINTS_SQL = `
create table if not exists bench.checkpoints (projection text, version integer, partition integer, position bigint not null,
  epoch bigint not null, primary key (projection, version, partition))`

export interface PeerResult {
  readonly events: number
  readonly seconds: number
  readonly per_s: number
}

/**
 * What a team would write instead: the same read models, row at a time, with TypeORM. One transaction an event: the rows that it
 * touches are found, changed and saved, and so is the checkpoint. One event after the other, because their order matters.
 *
 * @param url of an empty database; its tables are made, which is not measured.
 * @param events of the log, in order; what is waited for until they come is measured.
 * @param count of events at most.
 */
export async function projectWithTypeOrm(
  url: string,
  domains: readonly Domain[],
  events: AsyncIterable<RecordedEvent>,
  count: number,
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
  await source.query('create schema if not exists bench')
  await source.query(CHECKPOINTS_SQL)
  try {
    const begin_ms = performance.now()
    let done = 0
    for await (const event of events) {
      if (done >= count) break
      await one(source, domains, pairs, event)
      done += 1
    }
    const seconds = (performance.now() - begin_ms) / 1_000
    return { events: done, seconds, per_s: done / seconds }
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
    const position = `${event.position}`
    const all = projections.map(({ name, version }) => ({
      projection: name,
      version,
      partition: 0,
      position,
      epoch: '1',
    }))
    await manager.save(Checkpoints, all, { reload: false })
  })
}
