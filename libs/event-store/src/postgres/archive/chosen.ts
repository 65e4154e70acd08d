import { type Archive } from '../../port.js'
import { partitionsOf } from '../partitions.js'
import { archivesOf } from './archives.js'
import { type LogAdmin } from './log-admin.js'

/** Every partition whose last position is before this one, or the one of this name. */
export type Chosen = { readonly before: bigint } | { readonly partition: string }

export function isChosen({ name, last }: Archive, which: Chosen): boolean {
  return 'before' in which ? last < which.before : name === which.partition
}

/** The archives whose partitions have left the log, oldest first; their tables may still be there. */
export async function archivedAside(log: LogAdmin): Promise<readonly Archive[]> {
  const attached = await partitionsOf(log.client)
  return (await archivesOf(log)).filter(({ name }) => !attached.some(({ table }) => table === name))
}
