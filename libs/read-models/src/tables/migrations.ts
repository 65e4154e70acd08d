import { DataSource, type MigrationInterface, type QueryRunner, Table } from 'typeorm'
import { LEASES_SQL } from '#leadership'
import { entitiesOf } from './entities.js'
import { PLACE_COLUMNS, type ReadTable, sqlType } from './table.js'

/** What the projection runtime itself needs: checkpoints that replicate with the rows, and who owns the folding. */
class ReadModelRuntime1700000000000 implements MigrationInterface {
  readonly name = 'ReadModelRuntime1700000000000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.createSchema('headwater', true)
    await runner.query(`create table if not exists headwater.checkpoints (
      projection text not null, version integer not null, partition integer not null,
      position bigint not null, epoch bigint not null, primary key (projection, version, partition))`)
    await runner.query(LEASES_SQL('headwater'))
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table headwater.checkpoints, headwater.leases')
  }
}

/** What reports computed: derived, and thrown away with the read models. */
class ReportResults1700000000002 implements MigrationInterface {
  readonly name = 'ReportResults1700000000002'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table if not exists headwater.report_results (
      job text not null, format text not null, media_type text not null, body text not null,
      position bigint not null, primary key (job, format))`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table headwater.report_results')
  }
}

function columnsOf(
  table: ReadTable,
): { name: string; type: string; isPrimary: boolean; isNullable: boolean; collation?: string }[] {
  const declared = Object.entries(table.columns).map(([name, column]) => ({
    name,
    type: sqlType(column),
    isPrimary: column.isKey,
    isNullable: column.isNullable,
    ...(column.type === 'text' ? { collation: 'C' } : {}),
  }))
  const place = PLACE_COLUMNS.map((name) => ({
    name,
    type: name === 'created_ordinal' ? 'integer' : 'bigint',
    isPrimary: false,
    isNullable: false,
  }))
  return [...declared, ...place]
}

/** One migration a projection version: a later version gets tables of its own, beside these. */
function migrationOf(schema: string, tables: readonly ReadTable[]): new () => MigrationInterface {
  const name = `ReadModel_${schema}_1700000000001`
  class ReadModel implements MigrationInterface {
    readonly name = name

    async up(runner: QueryRunner): Promise<void> {
      await runner.createSchema(schema, true)
      for (const table of tables) {
        const indices = table.listIndexes.map((columnNames, at) => ({
          name: `${table.name}_list_${at}`,
          columnNames: [...columnNames],
        }))
        await runner.createTable(new Table({ schema, name: table.name, columns: columnsOf(table), indices }), true)
      }
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.dropSchema(schema, true, true)
    }
  }
  return ReadModel
}

/** Brings the read models' database up to the installed domains. Idempotent; concurrent calls wait for each other. */
export async function migrateReadModels(url: string, tables: readonly ReadTable[]): Promise<void> {
  const schemas = [...new Set(tables.map(({ schema }) => schema))]
  const source = new DataSource({
    type: 'postgres',
    url,
    applicationName: 'headwater migrations',
    entities: [...entitiesOf(tables)],
    migrations: [
      ReadModelRuntime1700000000000,
      ReportResults1700000000002,
      ...schemas.map((schema) =>
        migrationOf(
          schema,
          tables.filter((each) => each.schema === schema),
        ),
      ),
    ],
    migrationsTableName: 'headwater_migrations',
    synchronize: false,
  })
  await source.initialize()
  try {
    const runner = source.createQueryRunner()
    await runner.query('select pg_advisory_lock(7400002)')
    try {
      await source.runMigrations({ transaction: 'each' })
    } finally {
      await runner.query('select pg_advisory_unlock(7400002)')
      await runner.release()
    }
  } finally {
    await source.destroy()
  }
}
