import { randomUUID } from 'node:crypto'
import { sharedClock_ms } from '#testing'
import { bookPath, transfer } from './books.js'
import { HttpConnection } from './http-connection.js'
import { paced } from './paced.js'
import { type Commands } from './seen.js'

/** Posts transactions at a steady rate, to one book after the other. */
export interface CommandsTask {
  readonly per_s: number
  readonly run_ms: number
  readonly books: number
}

/** Acknowledged commands: the positions of their events, their books, and when each was sent and its answer came, in ms of the shared clock. */
export interface Acknowledged extends Commands {
  readonly books: readonly number[]
  /** Less than was asked for where the system does not keep up. */
  readonly reached_per_s: number
}

/** Commands that wait for an answer at the same time. */
const CONNECTIONS = 256

type Acked = (book: number, position: string) => void

export class CommandPoster {
  private readonly prefix = randomUUID().slice(0, 8)
  private total = 0

  constructor(
    private readonly port: number,
    private readonly token: string,
  ) {}

  /**
   * Its connections are of this run only: a server closes those that are idle. Commands that are due while all connections wait are posted as soon as one is free.
   *
   * @param onAcked gets the book and its event's position the moment the answer came.
   * @throws Error when a command is refused: the figures would be those of something else.
   */
  async run({ per_s, run_ms, books }: CommandsTask, onAcked?: Acked): Promise<Acknowledged> {
    const free = await Promise.all(Array.from({ length: CONNECTIONS }, () => HttpConnection.open(this.port)))
    const positions: number[] = []
    const sent_ms: number[] = []
    const acked_ms: number[] = []
    const ofBook: number[] = []
    const due: number[] = []
    const loops: Promise<void>[] = []
    const begun_ms = sharedClock_ms()
    const loop = async (connection: HttpConnection): Promise<void> => {
      for (let book = due.shift(); book !== undefined; book = due.shift()) {
        const asked_ms = sharedClock_ms()
        const position = await this.post(connection, book)
        sent_ms.push(asked_ms)
        acked_ms.push(sharedClock_ms())
        positions.push(Number(position))
        ofBook.push(book)
        onAcked?.(book, position)
      }
      free.push(connection)
    }
    await paced(per_s, run_ms, (ordinal) => {
      due.push(ordinal % books)
      const connection = free.pop()
      if (connection) loops.push(loop(connection))
    })
    await Promise.all(loops)
    for (const each of free) each.close()
    const took_ms = Math.max(run_ms, (acked_ms.at(-1) ?? NaN) - begun_ms)
    return { positions, books: ofBook, sent_ms, acked_ms, reached_per_s: (positions.length * 1_000) / took_ms }
  }

  private async post(connection: HttpConnection, book: number): Promise<string> {
    this.total += 1
    const id = `${this.prefix}-${this.total}`
    const headers = `authorization: Bearer ${this.token}\r\nidempotency-key: ${id}\r\n`
    const { status, body } = await connection.post(`${bookPath(book)}/transactions`, headers, transfer(id))
    if (status !== 201) throw new Error(`a command was refused: ${status} ${body}`)
    return (JSON.parse(body) as { position: string }).position
  }
}
