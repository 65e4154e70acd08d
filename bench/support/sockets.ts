import { setTimeout as sleep } from 'node:timers/promises'
import { sharedClock_ms } from '#testing'
import { LeanSocket } from './lean-socket.js'
import { type Commands, commandsByBook, type Seen, seenOf } from './seen.js'
import { work } from './workers.js'

/** Sockets that are opened at the same time. */
const OPENING = 50

/** Opens sockets that each watch one thing and stay. */
export interface OpenTask {
  readonly kind: 'open'
  readonly group: string
  readonly port: number
  /** `/live,` or nothing. */
  readonly namespace: string
  readonly auth: object
  /** The event that makes each socket watch. */
  readonly event: string
  readonly watches: readonly Watch[]
}

/** What one socket watches: the book, and the payload of the event that says so. */
export interface Watch {
  readonly book: number
  readonly payload: unknown
}

export interface CloseTask {
  readonly kind: 'close'
  readonly group: string
}

/** Compares what a group has received since it was last asked with the commands that were sent, once all of them are seen. */
export interface CollectTask extends Commands {
  readonly kind: 'collect'
  readonly group: string
  readonly books: readonly number[]
}

export type SocketsTask = OpenTask | CloseTask | CollectTask

export interface Collected {
  /** That were of the position of one of the commands. */
  readonly messages: number
  /** Of each command by each socket that watches its book. */
  readonly seen: readonly Seen[]
  /** How many that would be if each were seen. */
  readonly due: number
  /** Messages whose position did not go beyond the last of that socket. */
  readonly misordered: number
}

/** How long it may take until all commands are seen, after which nothing will come. */
const SEEN_MS_MAX = 30_000
const LOOK_MS = 100

interface Watcher {
  readonly book: number
  readonly socket: LeanSocket
  readonly told: { readonly positions: number[]; readonly received_ms: number[] }
}

class Group {
  readonly watchers: Watcher[] = []
  private misordered = 0

  async open({ port, namespace, auth, event, watches }: OpenTask): Promise<void> {
    const waiting = [...watches]
    const openNext = async (): Promise<void> => {
      for (let watch = waiting.pop(); watch !== undefined; watch = waiting.pop()) {
        const { book, payload } = watch
        const told: Watcher['told'] = { positions: [], received_ms: [] }
        let last = 0
        const socket = await LeanSocket.open(port, namespace, auth, (text) => {
          const position = positionIn(text)
          if (position <= last) this.misordered += 1
          last = position
          told.positions.push(position)
          told.received_ms.push(sharedClock_ms())
        })
        this.watchers.push({ book, socket, told })
        const answer = await socket.ask(namespace, event, payload)
        if (answer.includes('"ok":false')) throw new Error(`a socket may not watch: ${answer}`)
      }
    }
    await Promise.all(Array.from({ length: OPENING }, openNext))
  }

  async collect({ books, ...sent }: CollectTask): Promise<Collected> {
    const byBook = commandsByBook(sent, books)
    const pairs = this.watchers.flatMap(({ book, told }) => {
      const ofBook = byBook.get(book)
      return ofBook ? [{ told, sent: ofBook, last: Math.max(...ofBook.positions) }] : []
    })
    const isSeen = (): boolean => pairs.every(({ told, last }) => (told.positions.at(-1) ?? 0) >= last)
    const end_ms = performance.now() + SEEN_MS_MAX
    while (!isSeen() && performance.now() < end_ms) await sleep(LOOK_MS)
    const known = new Set(sent.positions)
    const messages = this.watchers.flatMap(({ told }) =>
      told.positions.filter((position) => known.has(position)),
    ).length
    const seen = pairs.flatMap((each) => seenOf(each.sent, each.told))
    const due = pairs.reduce((sum, each) => sum + each.sent.positions.length, 0)
    for (const { told } of this.watchers) {
      told.positions.length = 0
      told.received_ms.length = 0
    }
    return { messages, seen, due, misordered: this.misordered }
  }
}

function positionIn(text: string): number {
  const at = text.indexOf('"position":"') + 12
  return Number(text.slice(at, text.indexOf('"', at)))
}

const groups = new Map<string, Group>()

const NOTHING: Collected = { messages: 0, seen: [], due: 0, misordered: 0 }

work<SocketsTask, Collected>(async (task) => {
  const group = groups.get(task.group) ?? new Group()
  groups.set(task.group, group)
  if (task.kind === 'open') await group.open(task)
  if (task.kind === 'collect') return group.collect(task)
  if (task.kind === 'close') {
    for (const { socket } of group.watchers) socket.close()
    groups.delete(task.group)
  }
  return NOTHING
})
process.once('SIGTERM', () => process.exit(0))
