import { type FaultFolder } from './fault-folder.js'
import { familyOf, signalAll } from '#testing'

/** 128 and the number of SIGINT, as shells have it. */
const INTERRUPTED = 130

/** The first signal ends the test after the round that is running; the second ends it, and all that it has started, at once. */
export function untilInterrupted(folder: FaultFolder): AbortSignal {
  const stop = new AbortController()
  const interrupt = (): void => {
    if (stop.signal.aborted) endAtOnce(folder)
    stop.abort()
    process.stderr.write('this round is the last; once more to end at once\n')
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)
  return stop.signal
}

function endAtOnce(folder: FaultFolder): never {
  const started = (): readonly number[] => familyOf(process.pid).slice(1)
  // Who is stopped starts nothing more: then all are known.
  signalAll(started(), 'SIGSTOP')
  signalAll(started(), 'SIGKILL')
  folder.remove()
  process.exit(INTERRUPTED)
}
