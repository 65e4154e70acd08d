import { createServer } from 'node:net'

/**
 * Below the ports that systems give to outgoing connections (32,768 and up on Linux). One of those that is free now may be
 * somebody's connection when it is to be listened on, and stay that for as long as the test runs.
 */
const FIRST = 10_000
const COUNT = 9_000
const ATTEMPTS_MAX = 100

/** A port of this host on which nobody listens. @throws Error when a hundred in a row are taken. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port from ${FIRST} to ${FIRST + COUNT - 1} in ${ATTEMPTS_MAX} attempts`)
}

/** Does nobody listen on this port of this host? */
export async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
