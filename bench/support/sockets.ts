import { sharedClock_ms } from '#testing'
import { Latencies } from './latencies.js'
import { LeanSocket } from './lean-socket.js'
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
  /** The event that makes each socket watch, and its payload, one a socket. */
  readonly event: string
  readonly payloads: readonly unknown[]
}

export interface CloseTask {
  readonly kind: 'close'
  readonly group: string
}

/** Compares what a group has received since it was last asked with when it was sent, by position. */
export interface CollectTask {
  readonly kind: 'collect'
  readonly group: string
  readonly positions: readonly number[]
  readonly sent_ms: readonly number[]
}

export type SocketsTask = OpenTask | CloseTask | CollectTask

export interface Collected {
  readonly messages: number
  readonly latencies_ms: readonly number[]
  /** Messages whose position did not go beyond the last of that socket. */
  readonly misordered: number
}

class Group {
  readonly sockets: LeanSocket[] = []
  positions: number[] = []
  received_ms: number[] = []
  misordered = 0

  async open(task: OpenTask): Promise<void> {
    const { port, namespace, auth, event, payloads } = task
    const waiting = [...payloads]
    const openNext = async (): Promise<void> => {
      for (let payload = waiting.pop(); payload !== undefined; payload = waiting.pop()) {
        let last = 0
        const socket = await LeanSocket.open(port, namespace, auth, (text) => {
          const position = positionIn(text)
          if (position <= last) this.misordered += 1
          last = position
          this.positions.push(position)
          this.received_ms.push(sharedClock_ms())
        })
        this.sockets.push(socket)
        const answer = await socket.ask(namespace, event, payload)
        if (answer.includes('"ok":false')) throw new Error(`a socket may not watch: ${answer}`)
      }
    }
    await Promise.all(Array.from({ length: OPENING }, openNext))
  }

  collect({ positions, sent_ms }: CollectTask): Collected {
    const sentAt = new Map(positions.map((position, at) => [position, sent_ms[at] ?? NaN]))
    const latencies = new Latencies()
    for (const [at, position] of this.positions.entries()) {
      const sent = sentAt.get(position)
      // Seen before its sender knew is seen at once.
      if (sent !== undefined) latencies.add(Math.max(0, (this.received_ms[at] ?? NaN) - sent))
    }
    this.positions = []
    this.received_ms = []
    return { messages: latencies.length, latencies_ms: latencies.toArray(), misordered: this.misordered }
  }
}

function positionIn(text: string): number {
  const at = text.indexOf('"position":"') + 12
  return Number(text.slice(at, text.indexOf('"', at)))
}

const groups = new Map<string, Group>()

const NOTHING: Collected = { messages: 0, latencies_ms: [], misordered: 0 }

work<SocketsTask, Collected>(async (task) => {
  const group = groups.get(task.group) ?? new Group()
  groups.set(task.group, group)
  if (task.kind === 'open') await group.open(task)
  if (task.kind === 'collect') return group.collect(task)
  if (task.kind === 'close') {
    for (const each of group.sockets) each.close()
    groups.delete(task.group)
  }
  return NOTHING
})
process.once('SIGTERM', () => process.exit(0))
