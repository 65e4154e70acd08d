import { type DatabaseError } from 'pg'
import { DataSource, QueryFailedError, type QueryRunner } from 'typeorm'
import { Problem } from '#runtime'
import { allEnded } from '../all-ended.js'
import { type ReadTable } from '../tables/table.js'
import { type Stop } from './stop.js'
import { createIndexes, createTables } from './create-tables.js'
import * as sql from './builds-sql.js'
import { schemaIn, type Slot } from './slots.js'
import { lanesOf } from '../project/lanes.js'

/** A build as the database knows it. */
interface BuildRow {
  readonly projection: string
  readonly version: number
  readonly build: number
  readonly slot: Slot
  readonly is_indexed: boolean
  /** Lanes in which it does not go with its lane. */
  readonly apart: number
}

/** A build as operators see it. Positions are decimal text. */
export interface BuildStatus {
  readonly projection: string
  readonly version: number
  readonly build: number
  readonly slot: Slot
  /** `building`: catching up; `ready`: goes with the log, not live; `live`; `stopped`: at an event, in some lane. */
  readonly state: 'building' | 'ready' | 'live' | 'stopped'
  /** The least over its lanes. */
  readonly position: string
  /** How far the lanes are. */
  readonly head: string
  readonly since: string
  readonly stops: readonly { readonly lane: number; readonly stopped: Stop['stopped'] }[]
}

/** A build that is to be indexed. */
export type Indexed = Pick<BuildRow, 'build' | 'slot'> & {
  readonly projection: { readonly name: string; readonly version: number }
}

/** What an operator asked for, and who that is. */
export interface Decision {
  readonly actor: string
  readonly action: string
}

interface ListRow extends Omit<BuildStatus, 'state' | 'since'> {
  readonly created_at: Date
  readonly lanes: number
  readonly together: number
}

/** Builds that are indexed at a time by one process: sorting takes parallel workers, and what comes after it one processor. */
const INDEXING_MAX = 2
const LOCK = 'select pg_advisory_xact_lock(7400003)'

/**
 * The builds of the installed projections: blue and green, and what operators do with them. Each operation is one transaction, written down in
 * `headwater.decisions`; projectors see what has changed within a quarter of a second.
 */
export class Builds {
  private source: Promise<DataSource> | undefined

  constructor(
    private readonly url: string,
    private readonly tables: readonly ReadTable[],
    private readonly fleet: string,
  ) {}

  async close(): Promise<void> {
    await (await this.source)?.destroy()
  }

  /** Every build, old versions included. */
  async list(): Promise<readonly BuildStatus[]> {
    const rows = await (await this.connected()).query<ListRow[]>(sql.LIST_SQL)
    return rows.map(({ projection, version, build, slot, position, head, created_at, lanes, together, stops }) => {
      const isTogether = lanes === together
      const state = stops.length > 0 ? 'stopped' : slot === 'live' ? 'live' : isTogether ? 'ready' : 'building'
      return { projection, version, build, slot, state, position, head, since: created_at.toISOString(), stops }
    })
  }

  /** Begins another build of a projection beside the live one. @throws Problem `not-found`, `build-conflict` */
  async rebuild(name: string, promotesItself: boolean, by: Decision): Promise<void> {
    const tables = this.tablesOf(name)
    await this.transaction(async (runner) => {
      const builds = await this.of(runner, tables)
      if (!builds.live) throw conflict(name, 'its first build is not live yet; wait for it')
      if (builds.next) throw conflict(name, 'a build is under way; promote it, or drop it with --slot next')
      const { name: projection, version } = builds.table.projection
      const build = 1 + Math.max(...builds.all.map((each) => each.build))
      await createTables(runner, tables, schemaIn(builds.table.projection, 'next'))
      await runner.query(sql.BEGIN_SQL, [projection, version, build, promotesItself])
      await runner.query(sql.BEGIN_MEMBERS_SQL, [projection, version, build, lanesOf(builds.table), this.fleet])
      await decided(runner, by, { ...builds.table.projection, build }, '')
    })
  }

  /** The next build becomes the live one, and the live one the previous. @throws Problem `not-found`, `build-conflict` */
  async promote(name: string, by: Decision): Promise<void> {
    await this.swap(name, 'next', by)
  }

  /** The previous build becomes the live one again, and the live one the previous. @throws Problem `not-found`, `build-conflict` */
  async rollback(name: string, by: Decision): Promise<void> {
    await this.swap(name, 'previous', by)
  }

  /** Throws a build away that is not live. @throws Problem `not-found`, `build-conflict` */
  async drop(name: string, slot: Exclude<Slot, 'live'>, by: Decision): Promise<void> {
    const tables = this.tablesOf(name)
    await this.transaction(async (runner) => {
      const builds = await this.of(runner, tables)
      const build = builds[slot]
      if (!build) throw conflict(name, `there is no ${slot} build`)
      await dropBuild(runner, build)
      await decided(runner, by, { ...builds.table.projection, build: build.build }, slot)
    })
  }

  /**
   * Throws away every build of an earlier version, which nobody folds any more. @throws Problem `not-found`, `build-conflict`
   */
  async dropVersion(name: string, version: number, by: Decision): Promise<void> {
    const tables = this.tablesOf(name)
    await this.transaction(async (runner) => {
      const { table, live } = await this.of(runner, tables)
      const installed = table.projection.version
      if (version === installed) throw conflict(name, `version ${version} is the installed one`)
      if (!live) throw conflict(name, `version ${installed} is not live yet; wait for it`)
      const old = (await runner.query(sql.BUILDS_SQL, [name, version])) as BuildRow[]
      if (old.length === 0) throw conflict(name, `there is no version ${version}`)
      const folded = (await runner.query(sql.FOLDED_SQL, [name, version])) as unknown[]
      if (folded.length > 0) throw conflict(name, `projectors that fold version ${version} still run; stop them first`)
      for (const each of old) {
        await dropBuild(runner, each)
        await decided(runner, by, { name, version, build: each.build }, each.slot)
      }
    })
  }

  /** Lets what has stopped go on, at the event that stopped it. @throws Problem `not-found`, `build-conflict` */
  async retry(name: string, by: Decision): Promise<void> {
    const { projection } = this.tableOf(name)
    await this.transaction(async (runner) => {
      const stopped = (await runner.query(sql.GO_ON_SQL, [name, projection.version, null])) as [
        { build: number }[],
        number,
      ]
      const [first] = stopped[0]
      if (!first) throw conflict(name, 'it has not stopped anywhere')
      await decided(runner, by, { ...projection, build: first.build }, '')
    })
  }

  /** Leaves an event out at which builds of a projection have stopped, for ever. @throws Problem `not-found`, `build-conflict` */
  async skip(name: string, position: bigint, by: Decision): Promise<void> {
    const { projection } = this.tableOf(name)
    await this.transaction(async (runner) => {
      const at = position.toString()
      const rows = (await runner.query(sql.GO_ON_SQL, [name, projection.version, at])) as [{ build: number }[], number]
      if (rows[0].length === 0) throw conflict(name, `it has not stopped at position ${at}`)
      for (const { build } of rows[0]) {
        await runner.query(sql.SKIP_SQL, [name, projection.version, build, at])
        await decided(runner, by, { ...projection, build }, `left out the event at position ${at}`, at)
      }
    })
  }

  /** Builds that have caught up are promoted if they want to be. */
  async advance(): Promise<void> {
    const due = await (await this.connected()).query<{ projection: string }[]>(sql.DUE_SQL, [this.fleet])
    for (const { projection } of due)
      await this.promote(projection, { actor: 'headwater', action: 'promote' }).catch(unlessDone)
  }

  /**
   * Makes what only readers need: once a build is near the end of the log. Waits for another projector that is at it with the same projection. A
   * build with two rows of one key is no good, and stops.
   *
   * @throws Error when it stops; whatever Postgres throws.
   */
  async index({ projection: { name, version }, build, slot }: Indexed): Promise<void> {
    const tables = this.tables.filter(({ projection }) => projection.name === name && projection.version === version)
    const [table] = tables
    if (!table) return
    const runner = (await this.connected()).createQueryRunner()
    try {
      await runner.query('select pg_advisory_lock(7400004, hashtext($1))', [name])
      await createIndexes(runner, tables, schemaIn(table.projection, slot))
      await runner.query(sql.INDEXED_SQL, [name, version, build])
    } catch (error) {
      if (!isDoubled(error)) throw error
      const reason = `two rows have one key: ${error.driverError.detail}`
      await runner.query(sql.STOP_ALL_SQL, [name, version, build, reason, new Date().toISOString()])
      throw new Error(`${name}: ${reason}`, { cause: error })
    } finally {
      await runner.query('select pg_advisory_unlock(7400004, hashtext($1))', [name]).catch(() => undefined)
      await runner.release()
    }
  }

  /** The same for several, two at a time. @throws what the first of them throws that fails, when all have ended. */
  async indexAll(members: readonly Indexed[]): Promise<void> {
    const waiting = [...members]
    const next = async (): Promise<void> => {
      for (let member = waiting.shift(); member; member = waiting.shift()) await this.index(member)
    }
    await allEnded(Array.from({ length: INDEXING_MAX }, next))
  }

  private async swap(name: string, from: 'next' | 'previous', by: Decision): Promise<void> {
    const tables = this.tablesOf(name)
    await this.transaction(async (runner) => {
      const builds = await this.of(runner, tables)
      const { table, live, previous } = builds
      const { projection } = table
      const chosen = builds[from]
      if (!chosen) throw conflict(name, `there is no ${from} build`)
      if (!chosen.is_indexed || chosen.apart > 0)
        throw conflict(name, `the ${from} build has not caught up, or has stopped: see "headwater projections list"`)
      if (from === 'next' && previous) await dropBuild(runner, previous)
      const rename = (a: string, b: string): Promise<unknown> => runner.query(`alter schema "${a}" rename to "${b}"`)
      const away = `${schemaIn(projection, 'live')}$away`
      if (live) await rename(schemaIn(projection, 'live'), away)
      await rename(schemaIn(projection, from), schemaIn(projection, 'live'))
      if (live) await rename(away, schemaIn(projection, 'previous'))
      if (live) await runner.query(sql.SLOT_SQL, [name, projection.version, live.build, 'previous'])
      await runner.query(sql.SLOT_SQL, [name, projection.version, chosen.build, 'live'])
      // Whoever is in the middle of a batch has the old names: it must not commit.
      await runner.query(sql.FENCE_SQL, [this.fleet, lanesOf(table)])
      await decided(runner, by, { ...projection, build: chosen.build }, `from ${from}`)
    })
  }

  private tableOf(name: string): ReadTable {
    const [table] = this.tablesOf(name)
    if (!table) throw new RangeError(`projection "${name}" has no table`)
    return table
  }

  private tablesOf(name: string): readonly ReadTable[] {
    const tables = this.tables.filter(({ projection }) => projection.name === name)
    if (tables.length > 0) return tables
    const known = [...new Set(this.tables.map(({ projection }) => projection.name))].sort().join(', ')
    throw Problem.of('not-found', `there is no projection "${name.slice(0, 60)}"; there are ${known}`)
  }

  private async of(runner: QueryRunner, tables: readonly ReadTable[]) {
    const [table] = tables
    if (!table) throw new RangeError('a projection without tables')
    const { name, version } = table.projection
    const all = (await runner.query(sql.BUILDS_SQL, [name, version])) as BuildRow[]
    const at = (slot: Slot): BuildRow | undefined => all.find((each) => each.slot === slot)
    return { table, all, live: at('live'), next: at('next'), previous: at('previous') }
  }

  private connected(): Promise<DataSource> {
    this.source ??= new DataSource({
      type: 'postgres',
      url: this.url,
      applicationName: 'headwater builds',
      extra: { max: INDEXING_MAX + 1 },
    }).initialize()
    this.source.catch(() => (this.source = undefined))
    return this.source
  }

  private async transaction(work: (runner: QueryRunner) => Promise<void>): Promise<void> {
    const runner = (await this.connected()).createQueryRunner()
    try {
      await runner.startTransaction()
      await runner.query(LOCK)
      await work(runner)
      await runner.commitTransaction()
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction()
      throw error
    } finally {
      await runner.release()
    }
  }
}

/** SQLSTATE of a key that is there twice. */
const DOUBLED = '23505'

function isDoubled(error: unknown): error is QueryFailedError<DatabaseError> {
  return error instanceof QueryFailedError && (error.driverError as DatabaseError).code === DOUBLED
}

const conflict = (name: string, why: string): Problem => Problem.of('build-conflict', `${name}: ${why}`)

/** Another projector was faster. */
function unlessDone(error: unknown): void {
  if (!(error instanceof Problem)) throw error
}

async function dropBuild(runner: QueryRunner, { projection: name, version, build, slot }: BuildRow): Promise<void> {
  await runner.query(sql.DROP_SQL, [name, version, build])
  await runner.dropSchema(schemaIn({ name, version }, slot), true, true)
}

async function decided(
  runner: QueryRunner,
  { actor, action }: Decision,
  { name, version, build }: { readonly name: string; readonly version: number; readonly build: number },
  detail: string,
  position: string | null = null,
): Promise<void> {
  await runner.query(sql.DECIDED_SQL, [actor, action, name, version, build, position, detail])
}
