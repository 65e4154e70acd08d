import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Archive } from '../../port.js'
import { type Partition, partitionsOf } from '../partitions.js'
import { checkArchive, checksumOf, type Content, writeArchive } from './archive-file.js'
import { archivesOf, REMEMBER_COMMANDS_SQL, REMEMBER_STREAMS_SQL } from './archives.js'
import { archivedAside, type Chosen, isChosen } from './chosen.js'
import { detach } from './detach.js'
import { eventLines } from './event-lines.js'
import { type ArchivedCommand, commandOf } from './line-rows.js'
import { type LogAdmin, withLogAdmin } from './log-admin.js'

export interface ArchiveOptions {
  readonly url: string
  /** Folder of the files; made if need be. */
  readonly to: string
  /** By name: it must be the oldest. */
  readonly which: Chosen
  /** It is no mistake if all that is chosen is archived already. Default false. */
  readonly mayBeArchived?: boolean
  /** How long to wait for transactions that may read the partition. Default 10 min. */
  readonly patience_ms?: number
  readonly onArchived?: (archive: Archive) => void
}

const PATIENCE_MS = 600_000
const COMMANDS_AT_ONCE = 1_000

/** In: position. Out: a row when the log has come to it. Locks nothing. */
const GOES_ON_SQL = 'select 1 from log.events where position >= $1 limit 1'
const INSERT_SQL = `
insert into log.archives (name, first_position, last_position, file, sha256) values ($1, $2, $3, $4, $5)`

/**
 * Writes old, completely full partitions to files, one each, remembers what must outlive them, and takes them out of the log,
 * oldest first: what is archived is always a beginning of the log. The tables stay beside it, see {@link dropArchived}. Appends
 * and reads go on meanwhile. Can be interrupted at any point and called again.
 *
 * @returns what was archived.
 * @throws Error when there is nothing that may be archived, and when a file, read back, is not what is in the log.
 */
export async function archivePartitions(options: ArchiveOptions): Promise<Archive[]> {
  const { url, which, mayBeArchived = false, onArchived } = options
  return withLogAdmin(url, async (log) => {
    const attached = await partitionsOf(log.client)
    const isDone = mayBeArchived && (await archivedAside(log)).some((each) => isChosen(each, which))
    const done: Archive[] = []
    for (const partition of chosen(attached, which, isDone)) {
      const isPast = (await log.query(GOES_ON_SQL, [partition.end])).length > 0
      if (!isPast && (isDone || done.length > 0)) break
      if (!isPast) throw new Error(`${partition.table} is not full, or the log ends with it: it stays`)
      const archive = await archiveOne(log, partition, options)
      done.push(archive)
      onArchived?.(archive)
    }
    return done
  })
}

/** @param isDone some of what is chosen is archived already. */
function chosen(attached: readonly Partition[], which: Chosen, isDone: boolean): readonly Partition[] {
  if ('before' in which) {
    const some = attached.filter(({ end }) => BigInt(end) <= which.before)
    if (some.length === 0 && !isDone) throw new Error(`no partition in the log ends before position ${which.before}`)
    return some
  }
  if (isDone) return []
  const [oldest] = attached
  if (oldest?.table !== which.partition)
    throw new Error(`the oldest partition goes first: that is ${oldest?.table ?? 'none'}, not ${which.partition}`)
  return [oldest]
}

async function archiveOne(log: LogAdmin, partition: Partition, options: ArchiveOptions): Promise<Archive> {
  const { table, first, end } = partition
  const begun = (await archivesOf(log)).find(({ name }) => name === table)
  const file = begun?.file ?? resolve(join(options.to, `${table}.ndjson.gz`))
  if (!begun) await exportOne(log, partition, file)
  await detach(log, table, options.patience_ms ?? PATIENCE_MS)
  return { name: table, first: BigInt(first), last: BigInt(end - 1), file }
}

/** Until everything that must be known of the partition is in a file and in the log's own tables. */
async function exportOne(log: LogAdmin, { table, first, end }: Partition, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const written = await writeArchive(file, eventLines(log, table))
  await log.query('begin', [])
  const read = await rememberCommands(log, file, first, end - 1)
  if (read.digest !== written.digest) throw new Error(`${file}, read back, is not what was written: ${table} stays`)
  await log.query(REMEMBER_STREAMS_SQL(table), [])
  await log.query(INSERT_SQL, [table, first, end - 1, file, await checksumOf(file)])
  await log.query('commit', [])
}

/** From the file, not by SQL: of JSON that holds NUL or half a surrogate pair PostgreSQL tells nothing. */
async function rememberCommands(log: LogAdmin, file: string, first: number, last: number): Promise<Content> {
  let commands: ArchivedCommand[] = []
  const remember = async (): Promise<void> => {
    const column = (name: keyof ArchivedCommand): string[] => commands.map((each) => each[name])
    await log.query(REMEMBER_COMMANDS_SQL, (['position', 'stream', 'revision', 'hash'] as const).map(column))
    commands = []
  }
  const content = await checkArchive(file, first, last, (line) => {
    const command = commandOf(line)
    if (command) commands.push(command)
    return commands.length < COMMANDS_AT_ONCE ? undefined : remember()
  })
  await remember()
  return content
}
