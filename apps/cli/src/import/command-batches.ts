/** A command on its way: its line of NDJSON without the newline, its key, and what its answer is to be told about. */
export interface Outgoing<T> {
  readonly key: string
  readonly line: string
  readonly about: T
}

/** Most commands sent and not yet answered. */
export const BATCH_LINES_MAX = 2_000

/** Most bytes sent and not yet answered; one line may be longer by itself. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024

/** Groups commands, in order, into what is sent in one request. When `commands` breaks off, what came before is sent first. @throws what it throws. */
export async function* commandBatches<T>(commands: AsyncIterable<Outgoing<T>>): AsyncGenerator<Outgoing<T>[]> {
  let batch: Outgoing<T>[] = []
  let size_bytes = 0
  try {
    for await (const command of commands) {
      const line_bytes = Buffer.byteLength(command.line) + 1
      if (batch.length >= BATCH_LINES_MAX || (batch.length > 0 && size_bytes + line_bytes > BATCH_BYTES_MAX)) {
        yield batch
        batch = []
        size_bytes = 0
      }
      batch.push(command)
      size_bytes += line_bytes
    }
  } catch (error) {
    if (batch.length > 0) yield batch
    throw error
  }
  if (batch.length > 0) yield batch
}
