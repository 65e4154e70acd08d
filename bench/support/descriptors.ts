import { readFileSync } from 'node:fs'

/** Files that a process has open beside its sockets. */
const OTHERS = 200

/**
 * Sockets are file descriptors, and a process may have only so many. Node raises its own limit as far as it may.
 *
 * @throws Error that says what to do.
 */
export function checkDescriptors(sockets: number): void {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const hard = /^Max open files +\S+ +(\S+)/m.exec(limits)?.[1] ?? 'unlimited'
  if (hard === 'unlimited' || Number(hard) >= sockets + OTHERS) return
  throw new Error(
    `${sockets} sockets need ${sockets + OTHERS} file descriptors in one process, the limit is ${hard}: ` +
      `raise it (ulimit -Hn ${sockets + OTHERS}, as root), or measure fewer (--sockets ${Number(hard) - OTHERS})`,
  )
}
