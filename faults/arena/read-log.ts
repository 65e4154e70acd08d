import pg from 'pg'
import { parseStream } from '#domain-kit'
import { type LogEvent } from '#testing'

interface Row {
  readonly position: string
  readonly stream: string
  readonly revision: string
  readonly id: string
  readonly type: string
  readonly version: number
  readonly time: Date
  readonly data: object
  readonly metadata: LogEvent['metadata']
}

const PAGE = 10_000

export async function headOf(url: string): Promise<bigint> {
  return number(url, 'select coalesce(max(position), 0) as number from log.events')
}

/** Who leads, or led last, and under which number. */
export interface Lease {
  readonly holder: string
  readonly epoch: bigint
}

/** Of the newest term. */
export async function leaseOf(url: string): Promise<Lease> {
  const sql = 'select holder, epoch from log.leases order by epoch desc limit 1'
  const row = await first<{ holder: string; epoch: string }>(url, sql)
  return { holder: row?.holder ?? '', epoch: BigInt(row?.epoch ?? '0') }
}

/** How many runs of names were sealed. */
export async function sealedRunsOf(url: string): Promise<number> {
  return Number(await number(url, 'select count(*) as number from log.name_runs'))
}

async function number(url: string, sql: string): Promise<bigint> {
  return BigInt((await first<{ number: string }>(url, sql))?.number ?? '0')
}

async function first<T extends object>(url: string, sql: string): Promise<T | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows[0]
  } finally {
    await client.end()
  }
}

const PAGE_SQL = `select position, stream, revision, id, type, version, time, data, metadata from log.events
where position > $1 order by position limit ${PAGE}`

/** The whole log by SQL of its own: what is checked is what the table says, not what our reader makes of it. */
export async function readLog(url: string): Promise<LogEvent[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    const log: LogEvent[] = []
    for (;;) {
      const { rows } = await client.query<Row>(PAGE_SQL, [log.at(-1)?.position ?? 0n])
      for (const row of rows)
        log.push({
          ...row,
          ...parseStream(row.stream),
          position: BigInt(row.position),
          revision: BigInt(row.revision),
          time: row.time.toISOString(),
        })
      if (rows.length < PAGE) return log
    }
  } finally {
    await client.end()
  }
}
