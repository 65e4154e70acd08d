import { partitionsOf } from '../partitions.js'
import { checksumOf } from './archive-file.js'
import { archivesOf, checksumIn } from './archives.js'
import { withLogAdmin } from './log-admin.js'

/**
 * Drops the tables of archives that end before a position: from then on their files are all there is, so each is looked at once more.
 *
 * @returns the names of what was dropped.
 * @throws Error when a file is missing or damaged; its table stays.
 */
export async function dropArchived(url: string, before: bigint): Promise<string[]> {
  return withLogAdmin(url, async (log) => {
    const attached = await partitionsOf(log.client)
    const dropped: string[] = []
    for (const { name, last, file } of await archivesOf(log)) {
      if (last >= before || attached.some(({ table }) => table === name)) continue
      if ((await checksumOf(file)) !== (await checksumIn(log, name)))
        throw new Error(`${file} is not the file that was archived: the table ${name} stays`)
      await log.query(`drop table if exists log.${name}`, [])
      dropped.push(name)
    }
    return dropped
  })
}
