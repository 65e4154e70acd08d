import { buffer } from 'node:stream/consumers'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { CopyQuery, migrateLog } from '#event-store'
import { type TemporaryPostgres } from '#testing'

const BATCH = 1_000
const BATCHES = 250
/** That a log must have for its rows to be copied. */
export const COPIED = BATCH * BATCHES
const WARM_UP = 50
const COLUMNS = 'position, revision, time, stream, id, type, version, data, metadata'
/** Through the same few bytes of protocol as the writer, so that the limit is not the driver's. */
const COPY = `copy log.events_1 (${COLUMNS}) from stdin (format binary)`
/** Before the rows of `copy … (format binary)`: a signature, flags and the length of nothing. */
const HEADER_BYTES = 19
const TRAILER = Buffer.from([0xff, 0xff])

/**
 * What Postgres can take: `COPY` of rows that ours has written, a thousand a commit, into the log's own table from one
 * connection and with nothing else to do; in binary, which is the fastest there is.
 */
export class CopyLimit {
  private databases = 0

  private constructor(
    private readonly server: TemporaryPostgres,
    private readonly batches: readonly Buffer[],
  ) {}

  /** @param url of a log that has {@link COPIED} events at least. */
  static async of(server: TemporaryPostgres, url: string): Promise<CopyLimit> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      const sql = `copy (select ${COLUMNS} from log.events where position <= ${COPIED} order by position)
        to stdout (format binary)`
      return new CopyLimit(server, batchesOf(await buffer(client.query(copyTo(sql)))))
    } finally {
      await client.end()
    }
  }

  /** @returns rows a second, in a database of its own. */
  async measure(): Promise<number> {
    this.databases += 1
    const url = await this.server.createDatabase(`copies_${this.databases}`)
    await migrateLog(url)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      for (const rows of this.batches.slice(0, WARM_UP)) await CopyQuery.run(client, COPY, rows)
      const begin_ms = performance.now()
      for (const rows of this.batches.slice(WARM_UP)) await CopyQuery.run(client, COPY, rows)
      return ((this.batches.length - WARM_UP) * BATCH * 1_000) / (performance.now() - begin_ms)
    } finally {
      await client.end()
    }
  }
}

/** Events in a log. */
export async function logHead(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ head: string }>('select max(position) as head from log.events')
    return rows[0]?.head ?? '0'
  } finally {
    await client.end()
  }
}

/** Cuts what the server sent behind every thousandth row. */
function batchesOf(all: Buffer): Buffer[] {
  const header = all.subarray(0, HEADER_BYTES)
  const batches: Buffer[] = []
  let from = HEADER_BYTES
  let at = from
  for (let rows = 0, columns = all.readInt16BE(at); columns > 0; columns = all.readInt16BE(at)) {
    at += 2
    for (let column = 0; column < columns; column += 1) at += 4 + all.readInt32BE(at)
    rows += 1
    if (rows % BATCH !== 0) continue
    batches.push(Buffer.concat([header, all.subarray(from, at), TRAILER]))
    from = at
  }
  if (batches.length < BATCHES) throw new Error(`the log has ${batches.length} thousand events, ${BATCHES} are needed`)
  return batches
}
