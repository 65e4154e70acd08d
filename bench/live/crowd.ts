import { type Collected, type OpenTask, type SocketsTask, type Watch } from '../support/sockets.js'
import { type Acknowledged } from '../support/post-commands.js'
import { type Worker, worker } from '../support/workers.js'

/** How long the last messages may take, before they are collected. */
export const SETTLE_MS = 2_000

type SocketsWorker = Worker<SocketsTask, Collected>

/** Where a group of sockets goes, and what makes one of them watch. */
export type Where = Pick<OpenTask, 'group' | 'port' | 'namespace' | 'auth' | 'event'> & {
  /** @param ordinal of the socket. */
  readonly watch: (ordinal: number) => Watch
}

/** What all sockets of a group were told of the commands of one run, each of which each of them has seen that watches its book. */
export interface Told {
  readonly messages: number
  readonly sinceSent_ms: readonly number[]
  readonly sinceAcked_ms: readonly number[]
}

/** Sockets in two processes of their own. */
export class Crowd {
  private constructor(private readonly workers: readonly SocketsWorker[]) {}

  static async start(): Promise<Crowd> {
    return new Crowd(await Promise.all([0, 1].map(() => worker('support/sockets.js', {}) as Promise<SocketsWorker>)))
  }

  async open({ watch, ...where }: Where, count: number): Promise<void> {
    await Promise.all(
      this.workers.map((each, at) => {
        const ordinals = Array.from({ length: count }, (_, ordinal) => ordinal).filter((ordinal) => ordinal % 2 === at)
        return each.run({ kind: 'open', ...where, watches: ordinals.map(watch) })
      }),
    )
  }

  async close(group: string): Promise<void> {
    await Promise.all(this.workers.map((each) => each.run({ kind: 'close', group })))
  }

  /** @throws Error when a socket was told a position twice or out of order, or was not told of a command. */
  async collect(group: string, { positions, books, sent_ms, acked_ms }: Acknowledged): Promise<Told> {
    const task = { kind: 'collect', group, positions, books, sent_ms, acked_ms } as const
    const parts = await Promise.all(this.workers.map((each) => each.run(task)))
    const misordered = parts.reduce((sum, part) => sum + part.misordered, 0)
    if (misordered > 0) throw new Error(`${group}: ${misordered} messages came twice or out of order`)
    const seen = parts.flatMap((part) => part.seen)
    const due = parts.reduce((sum, part) => sum + part.due, 0)
    if (seen.length !== due) throw new Error(`${group}: of ${due} changes the sockets have seen ${seen.length}`)
    return {
      messages: parts.reduce((sum, part) => sum + part.messages, 0),
      sinceSent_ms: seen.map((each) => each.sinceSent_ms),
      sinceAcked_ms: seen.map((each) => each.sinceAcked_ms),
    }
  }

  async stop(): Promise<void> {
    for (const each of this.workers) await each.stop()
  }
}
