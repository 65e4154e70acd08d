import { type DatabaseError } from 'pg'
import { QueryFailedError, type QueryRunner } from 'typeorm'
import { LOCKS } from '#runtime'
import { allEnded } from '../all-ended.js'
import { isPoison } from '../project/failure.js'
import { type ReadTable } from '../tables/table.js'
import { INDEXED_SQL, STOP_ALL_SQL } from './builds-sql.js'
import { Connections } from './connections.js'
import { createIndexes } from './create-tables.js'
import { schemaIn, type Slot } from './slots.js'
import { writable } from './stop.js'

/** A build that is to be indexed. */
export interface Indexed {
  readonly projection: { readonly name: string; readonly version: number }
  readonly build: number
  readonly slot: Slot
}

/** Builds that are indexed at a time by one process: sorting takes parallel workers, and what comes after it one processor. */
const INDEXING_MAX = 2

/** Makes what only readers need of a build: once it is near the end of the log. On connections of its own, because it takes as long as it takes. */
export class Indexing {
  private readonly underWay = new Map<string, Promise<void>>()
  private readonly connections: Connections

  constructor(
    url: string,
    private readonly tables: readonly ReadTable[],
  ) {
    this.connections = new Connections({ url, name: 'headwater indexing', max: INDEXING_MAX })
  }

  /** What is under way is cut off. */
  async close(): Promise<void> {
    await this.connections.close()
  }

  /**
   * Whoever asks for a build that is being indexed gets the same promise. Waits for another process that is at it with the same projection. A build
   * whose rows cannot be indexed (two of one key, a value too long) is no good, and stops.
   *
   * @throws Error when it stops; whatever Postgres throws.
   */
  async index(build: Indexed): Promise<void> {
    const { name, version } = build.projection
    const key = `${name}.v${version}.${build.build}`
    const known = this.underWay.get(key)
    if (known) return known
    const done = this.make(build).finally(() => this.underWay.delete(key))
    this.underWay.set(key, done)
    return done
  }

  /** The same for several. @throws what the first of them throws that fails, when all have ended. */
  async indexAll(builds: readonly Indexed[]): Promise<void> {
    await allEnded(builds.map((each) => this.index(each)))
  }

  private async make({ projection: { name, version }, build, slot }: Indexed): Promise<void> {
    const tables = this.tables.filter(({ projection }) => projection.name === name && projection.version === version)
    const [table] = tables
    if (!table) return
    await this.connections.use(async (runner) => {
      await runner.query(`select pg_advisory_lock(${LOCKS.indexing}, hashtext($1))`, [name])
      await createIndexes(runner, tables, schemaIn(table.projection, slot)).catch(async (error: unknown) => {
        throw isOfData(error) ? await stopped(runner, [name, version, build], error) : error
      })
      await runner.query(INDEXED_SQL, [name, version, build])
      await runner.query(`select pg_advisory_unlock(${LOCKS.indexing}, hashtext($1))`, [name])
    })
  }
}

async function stopped(
  runner: QueryRunner,
  [name, version, build]: readonly [name: string, version: number, build: number],
  cause: QueryFailedError<DatabaseError>,
): Promise<Error> {
  const reason = writable(whyNot(cause.driverError))
  await runner.query(STOP_ALL_SQL, [name, version, build, reason, new Date().toISOString()])
  return new Error(`${name}: ${reason}`, { cause })
}

/** SQLSTATE of a key that is there twice. */
const DOUBLED = '23505'

function whyNot({ code, message, detail = '' }: DatabaseError): string {
  return code === DOUBLED ? `two rows have one key: ${detail}` : `it cannot be indexed: ${message}. ${detail}`
}

const isOfData = (error: unknown): error is QueryFailedError<DatabaseError> =>
  error instanceof QueryFailedError && isPoison(error.driverError)
