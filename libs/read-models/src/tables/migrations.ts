import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm'
import { LEASES_SQL } from '#leadership'
import { LOCKS } from '#runtime'
import { EPOCHS_SQL, FENCE_FUNCTIONS_SQL, LANES_SQL } from '../builds/schema.js'
import { ensureBuilds } from '../builds/ensure-builds.js'
import { entitiesOf } from './entities.js'
import { type ReadTable } from './table.js'

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

/** Lanes, builds and who carries them, in place of one checkpoint for all. */
class ReadModelLanes1700000000003 implements MigrationInterface {
  readonly name = 'ReadModelLanes1700000000003'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LANES_SQL)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop table headwater.members, headwater.builds, headwater.lanes, headwater.projectors, headwater.fleets, headwater.skips, headwater.decisions',
    )
    await runner.query('drop sequence headwater.epochs')
  }
}

/** Fence and checkpoint as one call, so that a batch is one round trip. */
class ReadModelAdvance1700000000005 implements MigrationInterface {
  readonly name = 'ReadModelAdvance1700000000005'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function headwater.advance(of text, ours int[], epochs bigint[], reached bigint) returns void language plpgsql as $$
      declare held integer;
      begin
        if reached is null then
          perform 1 from headwater.lanes l join unnest(ours, epochs) as o(lane, epoch) using (lane, epoch) where l.fleet = of
            order by l.lane for share of l;
        else
          perform 1 from headwater.lanes where fleet = of and lane = any(ours) order by lane for no key update;
          update headwater.lanes l set position = greatest(l.position, reached)
          from unnest(ours, epochs) as o(lane, epoch) where l.fleet = of and l.lane = o.lane and l.epoch = o.epoch;
        end if;
        get diagnostics held = row_count;
        if held <> cardinality(ours) then
          raise exception 'another projector owns one of these lanes by now' using errcode = 'HW001';
        end if;
      end $$`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function headwater.advance')
  }
}

/** From which position on what is live answers alone. */
class ReadModelLiveAt1700000000006 implements MigrationInterface {
  readonly name = 'ReadModelLiveAt1700000000006'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table headwater.builds add column live_at bigint not null default 0')
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table headwater.builds drop column live_at')
  }
}

/** In which lane something was decided. */
class ReadModelDecisionLane1700000000007 implements MigrationInterface {
  readonly name = 'ReadModelDecisionLane1700000000007'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table headwater.decisions add column lane integer')
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table headwater.decisions drop column lane')
  }
}

/** A batch says where it begins, too. The function that is not told stays: projectors of the release before call it. */
class ReadModelBefores1700000000008 implements MigrationInterface {
  readonly name = 'ReadModelBefores1700000000008'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(FENCE_FUNCTIONS_SQL)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function headwater.advance(text, int[], bigint[], bigint[], bigint)')
    await runner.query('drop function headwater.must_hold')
  }
}

/** What two runs of a job come to stands apart: the settled job names the position that counts. */
class ReportResultsByPosition1700000000009 implements MigrationInterface {
  readonly name = 'ReportResultsByPosition1700000000009'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table headwater.report_results
      drop constraint report_results_pkey, add primary key (job, format, position)`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'delete from headwater.report_results a using headwater.report_results b where (a.job, a.format) = (b.job, b.format) and a.position < b.position',
    )
    await runner.query(`alter table headwater.report_results
      drop constraint report_results_pkey, add primary key (job, format)`)
  }
}

/** Epochs of a database that is new, or older than what Redis knows of it, are later ones all the same. */
class ReadModelEpochs1700000000010 implements MigrationInterface {
  readonly name = 'ReadModelEpochs1700000000010'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(EPOCHS_SQL)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function headwater.epochs_by_the_clock')
  }
}

const MIGRATIONS = [
  ReadModelRuntime1700000000000,
  ReportResults1700000000002,
  ReadModelLanes1700000000003,
  ReadModelAdvance1700000000005,
  ReadModelLiveAt1700000000006,
  ReadModelDecisionLane1700000000007,
  ReadModelBefores1700000000008,
  ReportResultsByPosition1700000000009,
  ReadModelEpochs1700000000010,
]

/** Brings the read models' database up to the installed domains. Idempotent; concurrent calls wait for each other. */
export async function migrateReadModels(url: string, tables: readonly ReadTable[]): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    url,
    applicationName: 'headwater migrations',
    entities: [...entitiesOf(tables)],
    migrations: MIGRATIONS,
    migrationsTableName: 'headwater_migrations',
    synchronize: false,
  })
  await source.initialize()
  try {
    const runner = source.createQueryRunner()
    await runner.query(`select pg_advisory_lock(${LOCKS.readModelsSchema})`)
    try {
      await source.runMigrations({ transaction: 'each' })
      await ensureBuilds(runner, tables)
    } finally {
      await runner.query(`select pg_advisory_unlock(${LOCKS.readModelsSchema})`)
      await runner.release()
    }
  } finally {
    await source.destroy()
  }
}
