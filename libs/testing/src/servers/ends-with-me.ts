import { type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { familyOf, signalAll, statOf } from './processes.js'

/** How long those that are asked to end may take, and then those that are killed. */
const ASKED_MS_MAX = 30_000
const KILLED_MS_MAX = 5_000
const LOOK_MS = 10

const children = new Map<ChildProcess, NodeJS.Signals>()
const folders = new Set<string>()
let isWatching = false

/**
 * However this process ends, short of SIGKILL, its child has ended before.
 *
 * @param signal by which it ends soon and leaves nothing either: who kills Postgres leaves its shared memory.
 */
export function endsWithMe(child: ChildProcess, signal: NodeJS.Signals): void {
  watch()
  children.set(child, signal)
  child.once('exit', () => children.delete(child))
}

export interface TemporaryFolder {
  readonly folder: string
  /** At once. */
  remove(): Promise<void>
  /** For somebody to look into. */
  keep(): void
}

/** However this process ends, short of SIGKILL, the folder is removed after those that it has started have ended. */
export function removedWithMe(folder: string): TemporaryFolder {
  watch()
  folders.add(folder)
  return {
    folder,
    remove: async () => {
      await rm(folder, { recursive: true, force: true })
      folders.delete(folder)
    },
    keep: () => void folders.delete(folder),
  }
}

/** @param what it is for, in its name. */
export function temporaryFolder(what: string, parent = tmpdir()): TemporaryFolder {
  return removedWithMe(mkdtempSync(join(parent, `headwater-${what}-`)))
}

/** In Jest nothing comes of it: tests have a copy of `process`, which hears of no exit. There whoever runs them sees to it: `scripts/test.mjs`. */
function watch(): void {
  if (!isWatching) process.once('exit', leaveNothing)
  isWatching = true
}

/** In an exit handler, where nothing can be awaited and no child is heard of any more. */
function leaveNothing(): void {
  const asked = [...children].flatMap(([{ pid }, signal]) => (pid === undefined ? [] : [{ pid, signal }]))
  const theirs = asked.flatMap(({ pid }) => familyOf(pid))
  signalAll(theirs, 'SIGCONT')
  for (const { pid, signal } of asked) signalAll([pid], signal)
  signalAll(
    myFamily().filter((pid) => !theirs.includes(pid)),
    'SIGKILL',
  )
  untilEnded(theirs, ASKED_MS_MAX)
  const rest = myFamily()
  signalAll(rest, 'SIGKILL')
  untilEnded(rest, KILLED_MS_MAX)
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
}

/** All that this process has started, and those have. */
function myFamily(): readonly number[] {
  return familyOf(process.pid).slice(1)
}

function untilEnded(pids: readonly number[], ms_max: number): void {
  const nobody = new Int32Array(new SharedArrayBuffer(4))
  const end_ms = performance.now() + ms_max
  while (pids.some(isRunning) && performance.now() < end_ms) Atomics.wait(nobody, 0, 0, LOOK_MS)
}

/** One that has ended stays a zombie until its parent has heard of it. */
function isRunning(pid: number): boolean {
  const [state] = statOf(pid)
  return state !== undefined && state !== 'Z'
}
