import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AllowList,
  type AllowListEntry,
  createIdentity,
  type Identity,
  loadAllowList,
  loadIdentity,
  saveAllowList,
  saveIdentity,
} from '#mesh'
import { type DataLayout } from './layout.js'

export interface Enrolled {
  readonly role: string
  readonly instance: string
}

const DAY_MS = 86_400_000
/** Of a certificate that its process is started with: who starts anew every two months or sooner never meets the end of one. */
const VALIDITY_MS_MIN = 30 * DAY_MS

/**
 * Enrolment of the local runtime: a key pair for each instance, laid out in its folder, its public key on the allow-list. Keys on the
 * list stay, whatever their dates and whosever they are: the processes that run with them may be alive, and instances beside these may be somebody's own.
 */
export async function enrolAll(layout: DataLayout, instances: readonly Enrolled[]): Promise<void> {
  const known = existsSync(layout.allowList) ? await loadAllowList(layout.allowList) : undefined
  const entries: AllowListEntry[] = []
  for (const { role, instance } of instances) {
    const { spki } =
      (await keptIdentity(layout, known, { role, instance })) ?? (await newIdentity(layout, { role, instance }))
    entries.push({ spki, role, instance })
  }
  if (entries.every((each) => known?.isAllowed(each.spki, each.role))) return
  const others = known?.entries.filter((each) => !instances.some(({ instance }) => instance === each.instance)) ?? []
  await saveAllowList(layout.allowList, { version: (known?.version ?? 0n) + 1n, entries: [...others, ...entries] })
}

/**
 * @returns what to call before an instance is started, while none of its processes runs: one whose certificate ends within 30 days gets
 *   a new key, which takes the place of the old one on the allow-list.
 */
export function renewals(layout: DataLayout): (enrolled: Enrolled) => Promise<void> {
  let last = Promise.resolve()
  // One after the other: each writes the whole list.
  return (enrolled) => (last = last.catch(() => undefined).then(() => renew(layout, enrolled)))
}

async function renew(layout: DataLayout, { role, instance }: Enrolled): Promise<void> {
  const known = await loadAllowList(layout.allowList)
  const kept = await keptIdentity(layout, known, { role, instance })
  if (kept && kept.validTo_ms - Date.now() >= VALIDITY_MS_MIN) return
  const { spki } = await newIdentity(layout, { role, instance })
  const others = known.entries.filter((each) => each.instance !== instance)
  await saveAllowList(layout.allowList, {
    version: known.version + 1n,
    entries: [...others, { spki, role, instance }],
  })
}

/** The one in its folder, if the list has it. */
async function keptIdentity(
  layout: DataLayout,
  known: AllowList | undefined,
  { role, instance }: Enrolled,
): Promise<Identity | undefined> {
  const kept = await loadIdentity(identityFolder(layout, instance)).catch(() => undefined)
  return kept && known?.isAllowed(kept.spki, role) ? kept : undefined
}

async function newIdentity(layout: DataLayout, { role, instance }: Enrolled): Promise<Identity> {
  const identity = await createIdentity({ role, instance })
  await saveIdentity(identityFolder(layout, instance), identity)
  return identity
}

export function identityFolder(layout: DataLayout, instance: string): string {
  return join(layout.identities, instance)
}
