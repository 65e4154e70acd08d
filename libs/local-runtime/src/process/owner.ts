import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { chown, lchown, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Who runs a server that refuses to run as root. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** undefined: as ourselves. When we are root: `postgres` if that user exists, else `nobody`. */
export function serverOwner(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (!user) throw new Error('Postgres does not run as root, and there is no user "postgres" or "nobody" to run it as')
  return { uid: Number(user[2]), gid: Number(user[3]) }
}

/** Can somebody who is not the owner walk down to this path? (A checkout under a home of mode 700: no.) */
export function isReachable(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    const found = statSync(at, { throwIfNoEntry: false })
    if (found && (found.mode & 0o001) === 0 && at !== path) return false
    if (dirname(at) === at) return true
  }
}

/** Where another user's files go when it cannot reach the data folder: one place per data folder. */
export function elsewhere(path: string): string {
  return `/var/lib/headwater/${createHash('sha256').update(path).digest('hex').slice(0, 16)}`
}

/** Where its owner's files are to lie, as things are now: whether it can reach them may change. */
export function reachablePath(path: string, owner: Owner | undefined): string {
  return !owner || isReachable(path) ? path : elsewhere(path)
}

export async function makeFolder(path: string, owner: Owner | undefined, mode = 0o700): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await mkdir(path, { recursive: true, mode })
  if (owner) await chown(path, owner.uid, owner.gid)
}

export async function giveTo(path: string, owner: Owner | undefined): Promise<void> {
  if (!owner) return
  await lchown(path, owner.uid, owner.gid)
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const each = join(path, entry.name)
    if (entry.isDirectory()) await giveTo(each, owner)
    else await lchown(each, owner.uid, owner.gid)
  }
}
