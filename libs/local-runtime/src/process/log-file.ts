import { openSync, renameSync, statSync } from 'node:fs'

const LOG_BYTES_MAX = 20 * 1024 * 1024

/**
 * Opens a process's log to append to it. One of more than 20 MiB begins anew; what it held goes to `FILE.1`, in the place of what that held.
 *
 * @returns a descriptor; whoever starts the process closes it.
 */
export function openLog(file: string): number {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) renameSync(file, `${file}.1`)
  return openSync(file, 'a')
}
