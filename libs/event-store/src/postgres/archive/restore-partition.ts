import { type Archive } from '../../port.js'
import { ByteSink } from '../../log/byte-sink.js'
import { CopyQuery } from '../copy-query.js'
import { COPY_HEADER, COPY_TRAILER, ROW_COLUMNS } from '../../log/event-bytes.js'
import { ATTACH_SQL, partitionsOf } from '../partitions.js'
import { checkArchive, checksumOf } from './archive-file.js'
import { archivesOf, checksumIn, FORGET_SQL, hasTable } from './archives.js'
import { detach, isDetaching } from './detach.js'
import { writeRow } from './line-rows.js'
import { type LogAdmin, withLogAdmin } from './log-admin.js'

export interface RestoreOptions {
  readonly url: string
  /** The archive to restore: the newest, since what is archived is always a beginning of the log. */
  readonly partition: string
  /** Where its file is now, if it was moved. */
  readonly file?: string
}

/** Rows sent at a time: at least so many bytes, and one row more. */
const COPY_BYTES = 1024 * 1024
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
  await log.query(`create table log.${table} (like log.events including all)`, [])
  // With it the table is attached without being read through.
  await log.query(
    `alter table log.${table} add check (position is not null and position >= ${first} and position <= ${last})`,
    [],
  )
  const rows = new ByteSink(2 * COPY_BYTES)
  const copy = async (): Promise<void> => {
    const bytes = Buffer.concat([COPY_HEADER, rows.take(), COPY_TRAILER])
    await CopyQuery.run(log.client, `copy log.${table} (${ROW_COLUMNS}) from stdin (format binary)`, bytes)
  }
  await checkArchive(file, Number(first), Number(last), (line) => {
    writeRow(rows, line)
    return rows.length < COPY_BYTES ? undefined : copy()
  })
  await copy()
}
