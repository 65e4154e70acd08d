import { type Writable } from 'node:stream'

/** Whoever reads what is printed may have read enough (`| head`): then there is nothing more to do, and nothing to complain about. */
export function endWithReader(output: Writable, end: () => void): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    end()
  })
}
