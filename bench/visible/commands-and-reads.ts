import { bookPath } from '../support/books.js'
import { HttpConnection } from '../support/http-connection.js'
import { Latencies } from '../support/latencies.js'
import { type Acknowledged, CommandPoster, type CommandsTask } from '../support/post-commands.js'
import { work, workerArgument } from '../support/workers.js'

export interface ReadsArgument {
  readonly port: number
  readonly queries: number
  readonly token: string
}

/** With how long after the acknowledgement a read of the replica had answered, in ms. */
export interface Seen extends Acknowledged {
  readonly latencies_ms: readonly number[]
}

/** Reads a second: reading must not be the load. At a higher rate, one command of so many is read after, whatever the state of the system. */
const READS_PER_S = 100
/** A read that finds no connection free waits for one; the wait is in its figure. */
const READERS = 64

const { port, queries, token } = workerArgument<ReadsArgument>()
const poster = new CommandPoster(port, token)
const free = await Promise.all(Array.from({ length: READERS }, () => HttpConnection.open(queries)))
const waiting: ((connection: HttpConnection) => void)[] = []

/** A query waits for two seconds: this is a minute, after which nothing will come. */
const ATTEMPTS_MAX = 30

/** Of a list, which no cache answers. Whoever asks with a position waits until the replica has it, and asks again on a 503. */
async function read(book: number, position: string): Promise<void> {
  const connection = free.pop() ?? (await new Promise<HttpConnection>((resolve) => waiting.push(resolve)))
  const headers = `authorization: Bearer ${token}\r\nheadwater-min-position: ${position}\r\n`
  for (let attempt = 1; ; attempt += 1) {
    const { status, body } = await connection.get(`${bookPath(book)}/transactions?limit=1`, headers)
    if (status === 200) break
    if (status !== 503 || attempt === ATTEMPTS_MAX) throw new Error(`a read was refused: ${status} ${body}`)
  }
  const next = waiting.shift()
  if (next) next(connection)
  else free.push(connection)
}

work<CommandsTask, Seen>(async (task) => {
  const latencies = new Latencies()
  const reads: Promise<void>[] = []
  const each = Math.ceil(task.per_s / READS_PER_S)
  let count = 0
  const acknowledged = await poster.run(task, (book, position) => {
    count += 1
    if (count % each !== 0) return
    const acked_ms = performance.now()
    reads.push(read(book, position).then(() => latencies.add(performance.now() - acked_ms)))
  })
  await Promise.all(reads)
  return { ...acknowledged, latencies_ms: latencies.toArray() }
})
process.once('SIGTERM', () => process.exit(0))
