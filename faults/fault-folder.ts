import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The one folder of all that a fault test makes: from now on this process's folder for temporary files. */
export class FaultFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'headwater-faults-'))

  constructor() {
    // Started by root, Postgres runs as another user, who must be able to reach its data.
    chmodSync(this.path, 0o711)
    process.env['TMPDIR'] = this.path
  }

  /** Whatever is in it. Those who write to it have ended, or are about to. */
  remove(): void {
    for (const each of this.mounts()) execFileSync('umount', ['--lazy', each])
    rmSync(this.path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }

  /** Unless something was left for somebody to look at. */
  removeIfEmpty(): void {
    if (readdirSync(this.path).length === 0) rmdirSync(this.path)
  }

  private mounts(): readonly string[] {
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
    return mounts.map((line) => line.split(' ')[1] ?? '').filter((each) => each.startsWith(`${this.path}/`))
  }
}
