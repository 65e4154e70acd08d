import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Passwords of the embedded servers: made once, readable by their owner only. */
export interface Secrets {
  readonly superuser: string
  readonly log: string
  readonly read: string
  readonly redis: string
}

export async function ensureSecrets(folder: string): Promise<Secrets> {
  const file = join(folder, 'servers.json')
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Secrets
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const password = (): string => randomBytes(24).toString('hex')
  const secrets = { superuser: password(), log: password(), read: password(), redis: password() }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(file, JSON.stringify(secrets), { mode: 0o600 })
  return secrets
}
