import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type AllowListEntry, createIdentity, loadAllowList, loadIdentity, saveAllowList, saveIdentity } from '#mesh'
import { type DataLayout } from './layout.js'

export interface Enrolled {
  readonly role: string
  readonly instance: string
}

/** Enrolment of the local runtime: a key pair for each instance, laid out in its folder, its public key on the allow-list. */
export async function enrolAll(layout: DataLayout, instances: readonly Enrolled[]): Promise<void> {
  const known = existsSync(layout.allowList) ? await loadAllowList(layout.allowList) : undefined
  const entries: AllowListEntry[] = []
  for (const { role, instance } of instances) {
    const folder = identityFolder(layout, instance)
    const kept = await loadIdentity(folder).catch(() => undefined)
    const isKept = kept !== undefined && known?.isAllowed(kept.spki, role) === true
    const identity = isKept ? kept : await createIdentity({ role, instance })
    if (!isKept) await saveIdentity(folder, identity)
    entries.push({ spki: identity.spki, role, instance })
  }
  const isSame =
    known?.entries.length === entries.length && entries.every((each) => known.isAllowed(each.spki, each.role))
  if (!isSame) await saveAllowList(layout.allowList, { version: (known?.version ?? 0n) + 1n, entries })
}

export function identityFolder(layout: DataLayout, instance: string): string {
  return join(layout.identities, instance)
}
