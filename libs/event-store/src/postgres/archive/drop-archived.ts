import { ByteSink } from '../../log/byte-sink.js'
import { checkArchive, checksumOf } from './archive-file.js'
import { checksumIn, hasTable } from './archives.js'
import { archivedAside, type Chosen, isChosen } from './chosen.js'
import { writeRow } from './line-rows.js'
import { withLogAdmin } from './log-admin.js'

/**
 * Drops the tables of the archives that are chosen, whenever they were archived: from then on their files are all there is, so each is looked
 * at once more, and read as a restore would read it.
 *
 * @returns the names of what was dropped.
 * @throws Error when a file is missing or damaged; its table stays.
 */
export async function dropArchived(url: string, which: Chosen): Promise<string[]> {
  return withLogAdmin(url, async (log) => {
    const dropped: string[] = []
    for (const { name, first, last, file } of (await archivedAside(log)).filter((each) => isChosen(each, which))) {
      if (!(await hasTable(log, name))) continue
      if ((await checksumOf(file)) !== (await checksumIn(log, name)))
        throw new Error(`${file} is not the file that was archived: the table ${name} stays`)
      await checkRestorable(file, Number(first), Number(last))
      await log.query(`drop table if exists log.${name}`, [])
      dropped.push(name)
    }
    return dropped
  })
}

async function checkRestorable(file: string, first: number, last: number): Promise<void> {
  const row = new ByteSink(16_384)
  await checkArchive(file, first, last, (line) => {
    writeRow(row, line)
    row.cut(0)
  })
}
