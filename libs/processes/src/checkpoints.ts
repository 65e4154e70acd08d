/** How far each process manager has come, for one term of its owner. */
export interface Checkpoints {
  /** @returns the last position that is dealt with, or undefined for a process manager that never ran. */
  load(process: string): Promise<bigint | undefined>
  /** Never goes back. @throws StaleTerm when another owner has taken over. */
  save(process: string, position: bigint): Promise<void>
  close(): Promise<void>
}

export type OpenCheckpoints = (epoch: bigint) => Checkpoints

/** Another owner has taken over: whoever meets this has nothing more to do. */
export class StaleTerm extends Error {
  override readonly name = 'StaleTerm'
  constructor(epoch: bigint) {
    super(`epoch ${epoch.toString()} no longer owns the process managers`)
  }
}
