import { type RunningSystem, startSystem } from '#testing'
import { bookPath, openings } from '../support/books.js'
import { benchmark, type Stops } from '../support/benchmark.js'
import { startApp } from '../support/app-process.js'
import { type CommandsTask } from '../support/post-commands.js'
import { checkDescriptors } from '../support/descriptors.js'
import { median, type Report, rounded, say } from '../support/report.js'
import { sendLines } from '../support/send-lines.js'
import { type Watch } from '../support/sockets.js'
import { worker } from '../support/workers.js'
import { Crowd, type Where } from './crowd.js'
import { openIdle } from './idle.js'
import { type Measured, measureRound, type Source, type Subject } from './rounds.js'

const PER_S = 1_000
/** Sockets that watch the same resource. */
const WATCHERS = 10
const ROUNDS = 3

const OPTIONS = { sockets: 'number', seconds: 'number', short: 'switch', ours: 'switch' } as const

interface Size {
  readonly sockets: number
  readonly per_s: number
  readonly run_ms: number
  readonly rounds: number
}

/**
 * `bench live`: sockets on one query-api, ten to a resource, idle and then at 1,000 events/s over all resources; in turns with
 * a plain socket.io server with the Redis adapter that has as many sockets in as many rooms. `--sockets N` (default
 * 10,000) and `--seconds S` a round (default 10) change the size, `--short` is 1,000 sockets and 100 events/s once, `--ours`
 * leaves out the peer.
 */
export const live = benchmark(OPTIONS, async (told, stops) => {
  const size: Size = {
    sockets: told.sockets ?? (told.short ? 1_000 : 10_000),
    per_s: told.short ? 100 : PER_S,
    run_ms: (told.seconds ?? (told.short ? 5 : 10)) * 1_000,
    rounds: told.short ? 1 : ROUNDS,
  }
  checkDescriptors(size.sockets)
  const system = await startSystem('bench')
  stops.push(() => system.stop())
  const books = Math.ceil(size.sockets / WATCHERS)
  await sendLines(system.ports.commands, system.token, openings(books))
  const crowd = await Crowd.start()
  stops.push(() => crowd.stop())
  const subjects = [await ours(system, stops), ...(told.ours ? [] : [await peer(system, stops)])]
  const kb = new Map<string, number>()
  for (const { subject, where } of subjects)
    kb.set(subject.group, await openIdle(crowd, where, size.sockets, subject.pid))
  const measured = await rounds(
    crowd,
    subjects.map(({ subject }) => subject),
    { ...size, books },
  )
  return reportOf(size, kb, measured)
})

interface Prepared {
  readonly subject: Subject
  readonly where: Where
}

async function ours({ ports, token, pidOf }: RunningSystem, stops: Stops): Promise<Prepared> {
  const source: Source = await worker('support/commands.js', { port: ports.commands, token })
  stops.push(() => source.stop())
  const watch = (ordinal: number): Watch => {
    const book = Math.floor(ordinal / WATCHERS)
    return { book, payload: { resource: bookPath(book) } }
  }
  return {
    subject: { group: 'ours', pid: pidOf('query-api-1'), source },
    where: { group: 'ours', port: ports.queries, namespace: '/live,', auth: { token }, event: 'subscribe', watch },
  }
}

/** What ours sends of a book, so that both send as much. */
async function answerOf({ ports, token }: RunningSystem, path: string): Promise<object> {
  const response = await fetch(`http://127.0.0.1:${ports.queries}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  return (await response.json()) as object
}

async function peer(system: RunningSystem, stops: Stops): Promise<Prepared> {
  const redisUrl = system.redisUrl(1)
  const app = await startApp('query-api', 'bench/live/peer/main.js', { REDIS_URL: redisUrl })
  stops.push(() => app.stop())
  const source: Source = await worker('live/emitter.js', { redisUrl, data: await answerOf(system, bookPath(0)) })
  stops.push(() => source.stop())
  const watch = (ordinal: number): Watch => {
    const book = Math.floor(ordinal / WATCHERS)
    return { book, payload: bookPath(book) }
  }
  return {
    subject: { group: 'adapter', pid: app.pid, source },
    where: { group: 'adapter', port: app.port, namespace: '', auth: {}, event: 'join', watch },
  }
}

type Rounds = ReadonlyMap<string, readonly Measured[]>

/** In turns, after one of each that does not count. */
async function rounds(
  crowd: Crowd,
  subjects: readonly Subject[],
  size: Size & { readonly books: number },
): Promise<Rounds> {
  const { per_s, run_ms, books } = size
  const task: CommandsTask = { per_s, run_ms, books }
  const measured = new Map(subjects.map(({ group }) => [group, [] as Measured[]]))
  for (const each of subjects) await measureRound(crowd, each, { ...task, run_ms: run_ms / 5 }, WATCHERS)
  say('', 'messages/s', 'delivered', 'p50 ms', 'p99 ms', 'sent p50 ms', 'sent p99 ms', 'µs: server')
  for (let round = 0; round < size.rounds; round += 1)
    for (const each of subjects) {
      const result = await measureRound(crowd, each, task, WATCHERS)
      measured.get(each.group)?.push(result)
      const { messages_per_s, delivered, p50_ms, p99_ms, since_sent_p50_ms, since_sent_p99_ms, server_us } = result
      const since_ms = [p50_ms, p99_ms, since_sent_p50_ms, since_sent_p99_ms]
      say(each.group, Math.round(messages_per_s), delivered, ...since_ms, server_us)
    }
  return measured
}

function reportOf({ sockets }: Size, kb: ReadonlyMap<string, number>, measured: Rounds): Report {
  const figures = (group: string): Readonly<Record<string, number>> => {
    const all = measured.get(group) ?? []
    const middle = (of: keyof Measured): number => rounded(median(all.map((each) => each[of])))
    return {
      sockets,
      messages_per_s: middle('messages_per_s'),
      p50_ms: middle('p50_ms'),
      p99_ms: middle('p99_ms'),
      since_sent_p50_ms: middle('since_sent_p50_ms'),
      since_sent_p99_ms: middle('since_sent_p99_ms'),
      server_us: middle('server_us'),
      kb_per_socket: rounded(kb.get(group) ?? NaN),
    }
  }
  for (const [group, each] of kb) say(`KiB an idle socket: ${group}`, each)
  const [mine, theirs] = [measured.get('ours') ?? [], measured.get('adapter') ?? []]
  if (theirs.length === 0) return { ours: figures('ours'), peers: {}, limit: {}, ratios: {} }
  // Both are offered the same; what a server could deliver at most is told by what a message costs its processor.
  const adapter = rounded(median(mine.map(({ server_us }, at) => (theirs[at]?.server_us ?? NaN) / server_us)))
  say('ratio: adapter', adapter)
  const peers = Object.fromEntries(
    Object.entries(figures('adapter')).map(([name, value]) => [`adapter_${name}`, value]),
  )
  return { ours: figures('ours'), peers, limit: {}, ratios: { adapter } }
}
