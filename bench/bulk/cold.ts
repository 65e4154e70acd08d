import { startCommandApi } from '../support/command-api.js'
import { type BenchWriter } from '../support/event-writer.js'
import { HttpConnection } from '../support/http-connection.js'
import { median, rounded } from '../support/report.js'
import { transaction } from '../command/workload.js'

const PROCESSES = 5

/** From a command to its answer, in ms, when the process has not seen the book before. */
async function firstCommand_ms(port: number, token: string, book: string, id: string): Promise<number> {
  const connection = await HttpConnection.open(port)
  const headers = `authorization: Bearer ${token}\r\nidempotency-key: ${id}\r\n`
  const begin_ms = performance.now()
  // A book that takes longer to load than a command may take is loaded all the same: who asks again is answered.
  for (let status = 0; status !== 201;) {
    const answer = await connection.post(`/v1/ledger/books/${book}/transactions`, headers, transaction(id, 1))
    if (answer.status !== 201 && answer.status !== 503) throw new Error(`refused: ${answer.body}`)
    status = answer.status
  }
  connection.close()
  return performance.now() - begin_ms
}

/**
 * How long the first command to a book takes in a fresh process, once for each book. Another book goes first, so that it
 * is the book that is loaded and not the code.
 *
 * @returns the median of several processes by book.
 */
export async function coldStarts(
  writer: BenchWriter,
  warm: string,
  books: readonly string[],
): Promise<readonly number[]> {
  const times: number[][] = books.map(() => [])
  for (let process = 0; process < PROCESSES; process += 1) {
    const api = await startCommandApi(writer, 2)
    try {
      for (let each = 0; each < 3; each += 1)
        await firstCommand_ms(api.port, writer.token, warm, `warm-${process}-${each}`)
      const order = books.map((_, at) => (at + process) % books.length)
      for (const at of order)
        times[at]?.push(await firstCommand_ms(api.port, writer.token, books[at] ?? '', `cold-${process}`))
    } finally {
      await api.stop()
    }
  }
  return times.map((each) => rounded(median(each)))
}
