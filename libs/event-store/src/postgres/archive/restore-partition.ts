import { type Archive } from '../../port.js'
import { CopyQuery } from '../copy-query.js'
import { ATTACH_SQL, partitionsOf } from '../partitions.js'
import { checkArchive, checksumOf, readArchive } from './archive-file.js'
import { archivesOf, checksumIn, FORGET_SQL, hasTable } from './archives.js'
import { detach, isDetaching } from './detach.js'
import { copyLine, INSERT_LINES_SQL } from './event-lines.js'
import { type LogAdmin, withLogAdmin } from './log-admin.js'

export interface RestoreOptions {
  readonly url: string
  /** The archive to restore: the newest, since what is archived is always a beginning of the log. */
  readonly partition: string
  /** Where its file is now, if it was moved. */
  readonly file?: string
}

const COPY_LINES = 5_000
const PATIENCE_MS = 60_000

/**
 * Puts an archived partition back: the table, if it is still there, else from the file. Appends and reads go on meanwhile.
 *
 * @throws Error when it is not the newest archive, or its file is not what was written.
 */
export async function restorePartition({ url, partition, file }: RestoreOptions): Promise<Archive> {
  return withLogAdmin(url, async (log) => {
    const newest = (await archivesOf(log)).at(-1)
    if (newest?.name !== partition)
      throw new Error(`the newest archive comes back first: that is ${newest?.name ?? 'none'}, not ${partition}`)
    if (await isDetaching(log, partition)) await detach(log, partition, PATIENCE_MS)
    const attached = await partitionsOf(log.client)
    if (!attached.some(({ table }) => table === partition)) await attach(log, newest, file ?? newest.file)
    await log.transaction(FORGET_SQL, [newest.first, newest.last])
    return newest
  })
}

async function attach(log: LogAdmin, archive: Archive, file: string): Promise<void> {
  const { name: table, first, last } = archive
  await log.query('begin', [])
  if (!(await hasTable(log, table))) await load(log, archive, file)
  await log.query(ATTACH_SQL({ table, first: Number(first), end: Number(last) + 1 }), [])
  await log.query('commit', [])
}

/** Makes the table again. */
async function load(log: LogAdmin, { name: table, first, last }: Archive, file: string): Promise<void> {
  if ((await checksumOf(file)) !== (await checksumIn(log, table)))
    throw new Error(`${file} is not the file that was archived`)
  await checkArchive(file, Number(first), Number(last))
  await log.query('create temp table archive_lines (line json) on commit drop', [])
  let lines: string[] = []
  const copy = async (): Promise<void> => {
    await CopyQuery.run(log.client, 'copy archive_lines from stdin', Buffer.from(lines.join('')))
    lines = []
  }
  for await (const line of readArchive(file)) {
    lines.push(copyLine(line))
    if (lines.length === COPY_LINES) await copy()
  }
  if (lines.length > 0) await copy()
  await log.query(`create table log.${table} (like log.events including all)`, [])
  // With it the table is attached without being read through.
  await log.query(
    `alter table log.${table} add check (position is not null and position >= ${first} and position <= ${last})`,
    [],
  )
  await log.query(INSERT_LINES_SQL(table, 'archive_lines'), [])
}
