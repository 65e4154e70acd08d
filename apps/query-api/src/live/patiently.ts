import { Problem } from '#runtime'

/** For so long, in ms, it is tried to read anew what is watched. */
const PATIENCE_MS = 30_000
const PAUSE_MS = 250

/**
 * Reads again what fails because there is too much to do, or a source is behind.
 *
 * @param isOver nobody wants it any more. @throws what it throws to the end, and at once what no waiting mends
 */
export async function patiently<T>(read: () => Promise<T>, isOver: () => boolean): Promise<T> {
  const end_ms = performance.now() + PATIENCE_MS
  for (;;)
    try {
      return await read()
    } catch (error) {
      const mayPass = error instanceof Problem && error.status === 503
      if (!mayPass || isOver() || performance.now() > end_ms) throw error
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (1 + Math.random())))
    }
}
