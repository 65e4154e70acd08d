import { eventually } from '../eventually.js'
import { move, System } from './system.js'

interface Status {
  readonly ready: boolean
  readonly position: string
  readonly instances: readonly { readonly id: string; readonly pid: number; readonly ready: boolean }[]
}

const INSTANCES = [
  'controller-1',
  'postgres-primary',
  'postgres-replica',
  'redis',
  'event-writer-1',
  'projector-1',
  'query-api-1',
  'command-api-1',
  'reporter-1',
  'reactor-1',
]

const PATIENCE = { timeout_ms: 60_000 }

let system: System
beforeAll(async () => {
  system = await System.open()
})

async function status(): Promise<Status> {
  return JSON.parse((await system.cli('status', '--json')).stdout) as Status
}

/** Posts one transaction until it is acknowledged, as a client with a key does. */
async function insist(book: string, id: string): Promise<void> {
  for (;;) {
    const answer = await system
      .post(`/v1/ledger/books/${book}/transactions`, move(id, '1'), { headers: { 'idempotency-key': id } })
      .catch(() => undefined)
    if (answer?.status === 201) return
    if (answer && answer.status !== 503) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test.each(INSTANCES)(
  'kill -9 of %s while commands flow loses nothing, and the system is whole again by itself',
  async (id) => {
    const book = await system.newBook('a', 'b')
    const { instances } = await status()
    const pid = instances.find((each) => each.id === id)?.pid ?? 0
    expect(pid).toBeGreaterThan(1)
    let acknowledged = 0
    let isOver = false
    const client = async (name: string): Promise<void> => {
      for (let at = 0; !isOver; at++) {
        await insist(book, `${name}-${at}`)
        acknowledged += 1
      }
    }
    const clients = ['x', 'y', 'z'].map(client)
    await eventually('commands flow', () => acknowledged > 20)
    process.kill(pid, 'SIGKILL')
    const atKill = acknowledged
    await eventually('commands flow again', () => acknowledged > atKill + 20, PATIENCE)
    await eventually(
      'everything is ready, with another process in its place',
      async () => {
        const now = await status()
        return now.ready && now.instances.some((each) => each.id === id && each.pid !== pid)
      },
      PATIENCE,
    )
    isOver = true
    await Promise.all(clients)
    const { position } = await status()
    const answer = await system.get(`/v1/ledger/books/${book}`, { headers: { 'headwater-min-position': position } })
    expect(answer.body).toMatchObject({ transactions: acknowledged, revision: String(acknowledged + 2) })
  },
  120_000,
)

test('events tail prints the log, gap-free, and ends with its limit', async () => {
  const { stdout } = await system.cli('events', 'tail', '--from', '1', '--limit', '50', '--json')
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(events.map(({ position }) => position)).toEqual(events.map((_, at) => String(at + 1)))
  expect(Object.keys(events[0] ?? {})).toEqual([
    'position',
    'stream',
    'revision',
    'type',
    'id',
    'time',
    'data',
    'metadata',
  ])
})
