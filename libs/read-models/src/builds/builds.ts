import { type QueryRunner } from 'typeorm'
import { Problem } from '#runtime'
import { type ReadTable } from '../tables/table.js'
import { type Stop } from './stop.js'
import { Connections } from './connections.js'
import { createTables } from './create-tables.js'
import * as sql from './builds-sql.js'
import { type Decision, type DecisionRecord, decided, decisionsIn } from './decisions.js'
import { answerMsMax, operate, told } from './operation.js'
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

/** A build as operators see it. */
export interface BuildStatus {
  readonly projection: string
  readonly version: number
  readonly build: number
  readonly slot: Slot
  /**
   * `building`: catching up; `ready`: goes with the log, not live; `live`; `stopped`: at an event, in some lane; `idle`: of a version that no
   * running projector folds.
   */
  readonly state: 'building' | 'ready' | 'live' | 'stopped' | 'idle'
  /** The last position folded, the least over its lanes, as decimal text. */
  readonly position: string
  readonly since: string
  readonly stops: readonly { readonly lane: number; readonly stopped: Stop['stopped'] }[]
}

/** How far a lane is. */
export interface LaneStatus {
  readonly lane: number
  /** The last position folded. */
  readonly position: bigint
}

interface ListRow extends Omit<BuildStatus, 'state' | 'since'> {
  readonly created_at: Date
  readonly is_together: boolean
  readonly is_folded: boolean
}

/** What goes on after it had stopped, and why it had. */
interface GoneOn {
  readonly build: number
  readonly lane: number
  readonly position: string
  readonly reason: string
}

/** Of operations and those who look, together. */
const CONNECTIONS_MAX = 2
/** Batches in hand are waited for, and tables that are being indexed or read for longer are not. */
const OPERATION_MS_MAX = 30_000

/**
 * The builds of the installed projections: blue and green, and what operators do with them. Each operation is one transaction, written down in
 * `headwater.decisions`; projectors see what has changed within half a second. Every method throws Problem `unavailable` when the database is away.
 */
export class Builds {
  private readonly connections: Connections

  constructor(
    url: string,
    private readonly tables: readonly ReadTable[],
    private readonly fleet: string,
    /** How long an operation may take, in ms. */
    private readonly ms_max = OPERATION_MS_MAX,
  ) {
    const bounds = { max: CONNECTIONS_MAX, ms_max: answerMsMax(ms_max) }
    this.connections = new Connections({ url, name: 'headwater builds', ...bounds })
  }

  async close(): Promise<void> {
    await this.connections.close()
  }

  /** Every build, old versions included. */
  async list(): Promise<readonly BuildStatus[]> {
    const rows = await this.rows<ListRow>(sql.LIST_SQL)
    return rows.map((row) => {
      const { projection, version, build, slot, position, created_at, stops } = row
      return { projection, version, build, slot, state: stateOf(row), position, since: created_at.toISOString(), stops }
    })
  }

  /** How far the lanes are in which this release folds. */
  async lanes(): Promise<readonly LaneStatus[]> {
    const rows = await this.rows<{ lane: number; position: string }>(sql.FLEET_LANES_SQL, [this.fleet])
    return rows.map(({ lane, position }) => ({ lane, position: BigInt(position) }))
  }

  /** What operators did with one projection, or with all of them: the newest 100, newest first. */
  async decisions(name?: string): Promise<readonly DecisionRecord[]> {
    return told(this.connections.use((runner) => decisionsIn(runner, name)))
  }

  /** Begins another build of a projection beside the live one, or the first one of its version anew when that was dropped. @throws Problem `not-found`, `build-conflict` */
  async rebuild(name: string, promotesItself: boolean, by: Decision): Promise<void> {
    const tables = this.tablesOf(name)
    await this.transaction(async (runner) => {
      const builds = await this.of(runner, tables)
      if (builds.next && !builds.live)
        throw conflict(name, 'its first build is not live yet; wait for it, or drop it with --slot next')
      if (builds.next) throw conflict(name, 'a build is under way; promote it, or drop it with --slot next')
      const { name: projection, version } = builds.table.projection
      const build = 1 + Math.max(...builds.all.map((each) => each.build), await lastBuild(runner, builds.table))
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
   * Throws away every build of an earlier version, or of a projection that is not installed any more, which nobody folds.
   *
   * @throws Problem `not-found`, `build-conflict`
   */
  async dropVersion(name: string, version: number, by: Decision): Promise<void> {
    await this.transaction(async (runner) => {
      const old = (await runner.query(sql.BUILDS_SQL, [name, version])) as BuildRow[]
      const isInstalled = this.tables.some(({ projection }) => projection.name === name)
      if (isInstalled || old.length === 0) await this.leaveTo(runner, name, version)
      if (old.length === 0) throw conflict(name, `there is no version ${version}`)
      const folded = (await runner.query(sql.FOLDED_SQL, [name, version])) as unknown[]
      if (folded.length > 0) throw conflict(name, `projectors that fold version ${version} still run; stop them first`)
      for (const each of old) {
        await dropBuild(runner, each)
        await decided(runner, by, { name, version, build: each.build }, each.slot)
      }
    })
  }

  /** The installed version answers alone from now on, without this one. @throws Problem `not-found`, `build-conflict` */
  private async leaveTo(runner: QueryRunner, name: string, version: number): Promise<void> {
    const { table, live } = await this.of(runner, this.tablesOf(name))
    const installed = table.projection.version
    if (version === installed) throw conflict(name, `version ${version} is the installed one`)
    if (!live) throw conflict(name, `version ${installed} is not live yet; wait for it`)
    await runner.query(sql.LIVE_AT_SQL, [name, installed, live.build, version])
  }

  /** Lets what has stopped go on, at the events that stopped it. @throws Problem `not-found`, `build-conflict` */
  async retry(name: string, by: Decision): Promise<void> {
    const { projection } = this.tableOf(name)
    await this.transaction(async (runner) => {
      const all = (await runner.query(sql.GO_ON_SQL, [name, projection.version, null])) as GoneOn[]
      if (all.length === 0) throw conflict(name, 'it has not stopped anywhere')
      for (const { build, lane, position, reason } of all)
        await decided(runner, by, { ...projection, build, lane, position }, reason)
    })
  }

  /** Leaves an event out at which builds of a projection have stopped, for ever. @throws Problem `not-found`, `build-conflict` */
  async skip(name: string, position: bigint, by: Decision): Promise<void> {
    const { projection } = this.tableOf(name)
    await this.transaction(async (runner) => {
      const at = position.toString()
      const all = (await runner.query(sql.GO_ON_SQL, [name, projection.version, at])) as GoneOn[]
      if (all.length === 0) throw conflict(name, `it has not stopped at position ${at}`)
      for (const { build, lane, reason } of all) {
        await runner.query(sql.SKIP_SQL, [name, projection.version, build, at])
        await decided(runner, by, { ...projection, build, lane, position: at }, `left out the event: ${reason}`)
      }
    })
  }

  /** Builds that have caught up are promoted if they want to be, one after the other. @throws what the first throws that fails, when each was tried. */
  async advance(): Promise<void> {
    const failures: unknown[] = []
    for (const { projection } of await this.rows<{ projection: string }>(sql.DUE_SQL, [this.fleet]))
      await this.promote(projection, { actor: 'headwater', action: 'promote' })
        .catch(unlessDone)
        .catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }

  private async swap(name: string, from: 'next' | 'previous', by: Decision): Promise<void> {
    const tables = this.tablesOf(name)
    await this.transaction(async (runner) => {
      const builds = await this.of(runner, tables)
      const { table, live, previous } = builds
      const { projection } = table
      const chosen = builds[from]
      if (!chosen)
        throw conflict(name, `there is no ${from} build${from === 'previous' ? await wayBack(runner, table) : ''}`)
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
      await runner.query(sql.FENCE_SQL, [name, projection.version])
      await runner.query(sql.LIVE_AT_SQL, [name, projection.version, chosen.build, projection.version])
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

  private async rows<T>(text: string, values: unknown[] = []): Promise<readonly T[]> {
    return told(this.connections.use(async (runner) => (await runner.query(text, values)) as T[]))
  }

  private async transaction(work: (runner: QueryRunner) => Promise<void>): Promise<void> {
    await told(operate(this.connections, this.ms_max, work))
  }
}

const conflict = (name: string, why: string): Problem => Problem.of('build-conflict', `${name}: ${why}`)

/** Another projector was faster. */
function unlessDone(error: unknown): void {
  if (!(error instanceof Problem) || error.code !== 'build-conflict') throw error
}

/** The highest number that any build of this version has had: readers know builds by them, so none comes twice. */
async function lastBuild(runner: QueryRunner, { projection: { name, version } }: ReadTable): Promise<number> {
  const [row] = (await runner.query(sql.LAST_BUILD_SQL, [name, version])) as { build: number | null }[]
  return row?.build ?? 0
}

async function dropBuild(runner: QueryRunner, { projection: name, version, build, slot }: BuildRow): Promise<void> {
  await runner.dropSchema(schemaIn({ name, version }, slot), true, true)
  // Whoever is in the middle of a batch would write it into the tables of the next build of this name.
  await runner.query(sql.FENCE_SQL, [name, version])
  await runner.query(sql.DROP_SQL, [name, version, build])
}

/** What to do instead, when there is an earlier version. */
async function wayBack(runner: QueryRunner, { projection: { name, version } }: ReadTable): Promise<string> {
  const [earlier] = (await runner.query(sql.EARLIER_SQL, [name, version])) as { version: number }[]
  if (!earlier) return ''
  return ` of version ${version}; to go back to version ${earlier.version}, start the release again that has it: its tables are still there, and catch up`
}

function stateOf({ slot, stops, is_together, is_folded }: ListRow): BuildStatus['state'] {
  if (!is_folded) return 'idle'
  if (stops.length > 0) return 'stopped'
  if (slot === 'live') return 'live'
  return is_together ? 'ready' : 'building'
}
