import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createFileAtomically, readJsonFile } from '#runtime'
import { type DataLayout } from './layout.js'
import { moveLeftBehind } from './postgres/left-behind.js'

/** Passwords of the embedded servers: made once, readable by their owner only. */
export interface Secrets {
  readonly superuser: string
  readonly log: string
  readonly read: string
  readonly redis: string
}

const FILE = 'servers.json'

/** Told once of what a person should know. */
export type Notice = (text: string) => void

/** @returns undefined where nothing was ever started. @throws Error naming the file when it cannot be read. */
export async function readSecrets({ keys }: DataLayout): Promise<Secrets | undefined> {
  return (await readJsonFile(join(keys, FILE))) as Secrets | undefined
}

/**
 * Makes them if there are none. All who do so at the same time get the same.
 *
 * @param notice of a cluster that an earlier data folder in this place has left behind, and where it was moved.
 * @throws Error naming the file when it cannot be read or written.
 */
export async function ensureSecrets(layout: DataLayout, notice: Notice): Promise<Secrets> {
  const known = await readSecrets(layout)
  if (known) return known
  const { keys } = layout
  const aside = await moveLeftBehind(layout)
  if (aside !== undefined)
    notice(
      `${layout.root} is new; the database of an earlier one in its place is kept in ${aside}, until somebody deletes it; if that folder was only away, stop, and put both back`,
    )
  const password = (): string => randomBytes(24).toString('hex')
  const secrets = { superuser: password(), log: password(), read: password(), redis: password() }
  await mkdir(keys, { recursive: true, mode: 0o700 })
  const isMine = await createFileAtomically(join(keys, FILE), JSON.stringify(secrets), 0o600)
  return (isMine ? undefined : await readSecrets(layout)) ?? secrets
}
