import { resolve } from 'node:path'
import { archivePartitions, dropArchived, listPartitions, type PartitionInfo, restorePartition } from '#event-store'
import { localLogUrl } from '#local-runtime'
import { CliFailure } from '../failure.js'
import { local, type Local } from '../local.js'

const text = (value: bigint | Date | undefined): string => (value instanceof Date ? value.toISOString() : String(value))
const logUrl = ({ config, layout, ports }: Local): Promise<string> => localLogUrl(config, layout, ports)

function position(name: string, value: string): bigint {
  if (!/^\d{1,18}$/.test(value)) throw new CliFailure(`${name} must be a position, not "${value}"`)
  return BigInt(value)
}

/** Prints the parts of the log, oldest first. */
export async function logPartitions({ json }: { readonly json?: boolean }): Promise<number> {
  const list = await listPartitions(await logUrl(local()))
  if (json) {
    const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)
    process.stdout.write(list.map((each) => `${JSON.stringify(each, plain)}\n`).join(''))
  } else for (const each of list) process.stdout.write(`${lineOf(each)}\n`)
  return 0
}

function lineOf({ name, first, last, state, events, size_bytes, from, to, file }: PartitionInfo): string {
  const size = `${(Number(size_bytes) / 1e6).toFixed(1)} MB`
  const age = from && to ? `${text(from)} to ${text(to)}` : ''
  const where = file === undefined ? state : `${state}: ${file}`
  return [name.padEnd(18), `${first} to ${last}`.padEnd(24), `${events} events`.padEnd(18), size.padEnd(12), age, where]
    .filter((each) => each !== '')
    .join(' ')
}

interface ArchiveFlags {
  readonly before?: string
  readonly partition?: string
  readonly to: string
  readonly drop?: boolean
}

/**
 * Archives whatever ends before a position, or the oldest partition by name. With `drop` the tables of all that is chosen go, whether they were
 * archived now or before. Says what it did.
 */
export async function logArchive({ before, partition, to, drop = false }: ArchiveFlags): Promise<number> {
  if ((before === undefined) === (partition === undefined)) throw new CliFailure('give one of --before and --partition')
  const url = await logUrl(local())
  const which = before === undefined ? { partition: partition ?? '' } : { before: position('--before', before) }
  await archivePartitions({
    url,
    to: resolve(to),
    which,
    mayBeArchived: drop,
    onArchived: ({ name, first, last, file }) =>
      process.stdout.write(`${name}, positions ${first} to ${last}: archived to ${file}\n`),
  })
  if (drop) for (const name of await dropArchived(url, which)) process.stdout.write(`${name}: table dropped\n`)
  return 0
}

/** Puts the newest archive back. */
export async function logRestore(name: string, { file }: { readonly file?: string }): Promise<number> {
  const given = file === undefined ? {} : { file: resolve(file) }
  const { first, last } = await restorePartition({ url: await logUrl(local()), partition: name, ...given })
  process.stdout.write(`${name}, positions ${first} to ${last}: back in the log\n`)
  return 0
}
