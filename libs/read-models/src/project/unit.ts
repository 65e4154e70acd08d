import pg from 'pg'
import { type AnyProjection, type Domain } from '#domain-kit'
import { type EventBatch } from '#event-store'
import { Leadership } from '#leadership'
import { type Logger, reasonOf } from '#runtime'
import { type ReadTable, tablesOf } from '../tables/table.js'
import { type BatchChanges, changesOf } from './changes.js'
import { foldBatch } from './fold-batch.js'
import { TableState } from './table-state.js'

const PARTITION = 0

/** In: lease, epoch. Out: a row while that epoch leads. Locks the lease row (share). */
const FENCE_SQL = 'select 1 from headwater.leases where name = $1 and epoch = $2 for share'

/** In: projections, versions, position, epoch. Locks the checkpoint rows; positions never go back. */
const CHECKPOINT_SQL = `
insert into headwater.checkpoints as c (projection, version, partition, position, epoch)
select p.projection, p.version, ${PARTITION}, $3, $4 from unnest($1::text[], $2::int[]) as p(projection, version)
on conflict (projection, version, partition)
do update set position = greatest(c.position, excluded.position), epoch = excluded.epoch`

interface Member {
  readonly projection: AnyProjection
  readonly states: ReadonlyMap<string, TableState>
  checkpoint: bigint
}

export interface UnitOptions {
  readonly url: string
  readonly domains: readonly Domain[]
  readonly lease: { readonly name: string; readonly epoch: bigint }
  readonly logger: Logger
}

/**
 * All installed projections folded together: model rows and checkpoints of a batch change in one transaction, fenced by the
 * owner's epoch. Dies with its first error; the next unit begins at the checkpoints.
 */
export class ProjectionUnit {
  private constructor(
    private readonly client: pg.Client,
    private readonly lease: UnitOptions['lease'],
    private readonly members: readonly Member[],
  ) {}

  static async open({ url, domains, lease, logger }: UnitOptions): Promise<ProjectionUnit> {
    const client = new pg.Client({
      connectionString: url,
      application_name: Leadership.connectionName(lease.name, lease.epoch),
      connectionTimeoutMillis: 5_000,
      query_timeout: 60_000,
    })
    client.on('error', (error) => logger.warn({ reason: reasonOf(error) }, "the projector's connection broke"))
    await client.connect()
    const { rows } = await client.query<{ projection: string; version: number; position: string }>(
      'select projection, version, position from headwater.checkpoints where partition = $1',
      [PARTITION],
    )
    const tables = tablesOf(domains)
    const members = domains.flatMap(({ projections }) =>
      projections.map((projection) => {
        const row = rows.find((each) => each.projection === projection.name && each.version === projection.version)
        return { projection, states: statesOf(projection, tables), checkpoint: BigInt(row?.position ?? '0') }
      }),
    )
    return new ProjectionUnit(client, lease, members)
  }

  /** The last position that every projection has folded: where reading goes on. */
  get position(): bigint {
    return this.members.reduce((least, { checkpoint }) => (checkpoint < least ? checkpoint : least), this.highest)
  }

  private get highest(): bigint {
    return this.members.reduce((most, { checkpoint }) => (checkpoint > most ? checkpoint : most), 0n)
  }

  /** @throws when anything fails: nothing of the batch was written, or the unit no longer leads. */
  async fold(batch: EventBatch): Promise<BatchChanges> {
    const { client, lease } = this
    try {
      await client.query('begin')
      const fence = await client.query(FENCE_SQL, [lease.name, lease.epoch])
      if (fence.rowCount !== 1) throw new Error(`epoch ${lease.epoch.toString()} no longer owns the read models`)
      for (const { projection, states, checkpoint } of this.members) {
        const events = checkpoint >= batch.position ? [] : batch.events.filter(({ position }) => position > checkpoint)
        await foldBatch(client, projection, states, events)
        for (const state of states.values()) await state.write(client)
      }
      await client.query(CHECKPOINT_SQL, [
        this.members.map(({ projection }) => projection.name),
        this.members.map(({ projection }) => projection.version),
        batch.position,
        lease.epoch,
      ])
      await client.query('commit')
    } catch (error) {
      for (const { states } of this.members) for (const state of states.values()) state.forget()
      await client.query('rollback').catch(() => undefined)
      throw error
    }
    for (const member of this.members) if (batch.position > member.checkpoint) member.checkpoint = batch.position
    return changesOf(this.members.flatMap(({ states }) => [...states.values()].flatMap((state) => state.settle())))
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined)
  }
}

function statesOf(projection: AnyProjection, tables: readonly ReadTable[]): ReadonlyMap<string, TableState> {
  const mine = tables.filter((table) => table.projection === projection)
  return new Map(mine.map((table) => [table.name, new TableState(table)]))
}
