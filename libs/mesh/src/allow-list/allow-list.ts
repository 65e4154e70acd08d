import { type Role } from '../identity/identity.js'

export interface AllowListEntry {
  /** Base64 of SHA-256 of the SubjectPublicKeyInfo. */
  readonly spki: string
  readonly role: Role
  readonly instance: string
}

export interface AllowListContent {
  /** Grows with every change; a lower one is a rollback. */
  readonly version: bigint
  readonly entries: readonly AllowListEntry[]
}

/** Far above any mesh, far below what hurts. */
const ENTRIES_MAX = 100_000

const keyOf = (spki: string, role: Role): string => `${spki} ${role}`

/**
 * Which keys may act in which role, right now. The only thing that authorizes a peer: no chain, no name, no address.
 * Shared by all links of a process and replaced live; those close what is no longer allowed before `replace` returns.
 */
export class AllowList {
  #content: AllowListContent = { version: 0n, entries: [] }
  #index = new Map<string, AllowListEntry>()
  readonly #listeners = new Set<() => void>()

  /** Without content it is empty, of version 0: nobody is allowed. */
  constructor(content?: AllowListContent) {
    if (content) this.replace(content)
  }

  get version(): bigint {
    return this.#content.version
  }

  get entries(): readonly AllowListEntry[] {
    return this.#content.entries
  }

  isAllowed(spki: string, role: Role): boolean {
    return this.#index.has(keyOf(spki, role))
  }

  /** The entry that allows this key in this role. */
  find(spki: string, role: Role): AllowListEntry | undefined {
    return this.#index.get(keyOf(spki, role))
  }

  /**
   * Takes over a newer list. The same version again with the same entries changes nothing.
   *
   * @throws RangeError for a lower version, for other entries under the same version, and for a list too large. The
   *   list in force stays in force.
   */
  replace(next: AllowListContent): void {
    if (next.entries.length > ENTRIES_MAX) throw new RangeError(`allow-list: more than ${ENTRIES_MAX} entries`)
    if (next.version < this.version)
      throw new RangeError(`allow-list: version ${String(next.version)} is older than ${String(this.version)}`)
    const index = new Map(next.entries.map((entry) => [keyOf(entry.spki, entry.role), entry]))
    if (next.version === this.version) {
      if (sameEntries(index, this.#index)) return
      throw new RangeError(`allow-list: version ${String(next.version)} is known with other entries`)
    }
    this.#content = { version: next.version, entries: [...next.entries] }
    this.#index = index
    for (const listener of [...this.#listeners]) listener()
  }

  /** Calls back after every change. @returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

function sameEntries(a: ReadonlyMap<string, AllowListEntry>, b: ReadonlyMap<string, AllowListEntry>): boolean {
  if (a.size !== b.size) return false
  for (const [key, entry] of a) if (b.get(key)?.instance !== entry.instance) return false
  return true
}
