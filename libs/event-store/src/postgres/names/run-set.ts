import { setTimeout as sleep } from 'node:timers/promises'
import { type Queryable } from './blocks.js'
import { type Run, RunFilter } from './run-filter.js'
import { loadSlice, type StoredRun, storedRuns } from './run-store.js'
import { type RunKey } from './run.js'

/** Milliseconds after each slice (1.3 MB) that somebody reads who is in no hurry. */
const PAUSE_MS = 10

/**
 * The runs in force, as they were last read. It outlives terms: what a standby reads in advance, its term need not. Nothing
 * depends on that: each term compares it with the database, by the runs' ids, before it begins.
 */
export class RunSet {
  private list: readonly Run[] = []
  /** Filters being read, by the id of their run: who is interrupted goes on there. */
  private readonly loading = new Map<string, RunFilter>()

  /** Another array whenever one of them is another. */
  get all(): readonly Run[] {
    return this.list
  }

  /** Nearly always none: those whose filter does not deny the name. */
  suspects(hash: Buffer): readonly Run[] {
    return this.list.filter(({ filter }) => filter.mayHold(hash))
  }

  /** A run that was just sealed. */
  add(run: Run): void {
    if (!this.list.some(({ id }) => id === run.id)) this.list = [...this.list, run]
  }

  /**
   * Reads what came into force since, and lets go of what is no longer: one small query when nothing changed. Until all is here
   * the runs are those from before.
   *
   * @param unhurried ends it when aborted, and makes it read with pauses.
   * @returns what is stored.
   * @throws whatever the connection throws; an error too when a run is merged and deleted meanwhile.
   */
  async refresh(client: Queryable, unhurried?: AbortSignal): Promise<readonly StoredRun[]> {
    const before = new Map(this.list.map((run) => [run.id, run]))
    const stored = await storedRuns(client)
    const inForce = new Map<string, Run>()
    for (const { id, level, last } of stored)
      if (id !== undefined)
        inForce.set(
          id,
          before.get(id) ?? { id, level, last, filter: await this.load(client, id, { level, last }, unhurried) },
        )
    unhurried?.throwIfAborted()
    const added = this.list.filter(({ id }) => !before.has(id) && !inForce.has(id))
    const isSame =
      added.length === 0 && inForce.size === this.list.length && this.list.every(({ id }) => inForce.has(id))
    if (!isSame) this.list = [...inForce.values(), ...added]
    this.loading.clear()
    return stored
  }

  private async load(
    client: Queryable,
    id: string,
    run: RunKey,
    unhurried: AbortSignal | undefined,
  ): Promise<RunFilter> {
    const filter = this.loading.get(id) ?? new RunFilter(run.level)
    this.loading.set(id, filter)
    for (let slice = filter.missing; slice !== -1; slice = filter.missing) {
      unhurried?.throwIfAborted()
      filter.set(slice, await loadSlice(client, run, slice))
      if (unhurried) await sleep(PAUSE_MS, undefined, { signal: unhurried })
    }
    return filter
  }
}
