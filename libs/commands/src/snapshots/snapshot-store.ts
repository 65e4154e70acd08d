/** A folded state as it is kept, with the place up to which it is folded. */
export interface StoredSnapshot {
  readonly revision: bigint
  /** Id of the event at that revision. */
  readonly tip: string
  /** Position of that event. */
  readonly position: bigint
  /** See `pack`. */
  readonly state: Buffer
}

/**
 * Keeps one snapshot for each stream and schema version. Only ever an optimization: whatever it loses, holds back or gets wrong changes no
 * answer. Every method may throw anything; nothing waits for it longer than its own timeouts.
 */
export interface SnapshotStore {
  load(stream: string, version: number): Promise<StoredSnapshot | undefined>
  /** Keeps it unless a newer one of this version is there. Forgets those of versions that no code reads beside this one. */
  save(stream: string, version: number, snapshot: StoredSnapshot): Promise<void>
  /** Removes one that turned out not to fit the log, if it is still there. */
  discard(stream: string, version: number, revision: bigint): Promise<void>
  close(): Promise<void>
}
