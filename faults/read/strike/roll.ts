import { type InstanceStatus } from '#local-runtime'

/** Who runs, by name: whoever has another pid than before has ended, and somebody has started it again. */
export class Roll {
  /** Exits that no fault meant, in words. */
  readonly unexpected: string[] = []
  private readonly pids = new Map<string, number>()
  private readonly killed = new Set<number>()

  /** This one was killed: it is to be another process. */
  mean(pid: number): void {
    this.killed.add(pid)
  }

  /** @param instances as the directory lists them now. @param when in words: `after "kill redis"`. */
  call(instances: readonly Pick<InstanceStatus, 'id' | 'pid'>[], when: string): void {
    for (const { id, pid } of instances) {
      const before = this.pids.get(id)
      if (pid === null) this.pids.delete(id)
      else this.pids.set(id, pid)
      if (before === undefined || before === pid || this.killed.delete(before)) continue
      this.unexpected.push(`${id}, process ${before}, has ended by itself ${when}`)
    }
  }
}
