import { eventually } from '../eventually.js'
import { type Instance, move, System } from './system.js'

/**
 * Servers, projector and query-api are killed in `faults/read.int.spec.ts`, which looks at answers and live changes, too; the leading
 * event-writer below.
 */
const VICTIMS: readonly (readonly [string, (each: Instance) => boolean])[] = [
  ['controller-1', ({ id }) => id === 'controller-1'],
  ['the event-writer that stands by', ({ role, leader }) => role === 'event-writer' && !leader],
  ['command-api-1', ({ id }) => id === 'command-api-1'],
  ['reporter-1', ({ id }) => id === 'reporter-1'],
  ['reactor-1', ({ id }) => id === 'reactor-1'],
]

const PATIENCE = { timeout_ms: 120_000 }

let system: System
beforeAll(async () => {
  system = await System.open()
})

/** Posts one transaction until it is acknowledged, as a client with a key does. @returns its position. */
async function insist(book: string, id: string): Promise<bigint> {
  for (;;) {
    const answer = await system
      .post(`/v1/ledger/books/${book}/transactions`, move(id, '1'), { headers: { 'idempotency-key': id } })
      .catch(() => undefined)
    if (answer?.status === 201) return BigInt(String(answer.body['position']))
    if (answer && answer.status !== 503) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Commands that go on while a test does something to the system. */
class Flow {
  acknowledged = 0
  /** Of the last event that was acknowledged. */
  private position = 0n
  private isOver = false
  private readonly clients: readonly Promise<void>[]

  private constructor(private readonly book: string) {
    this.clients = ['x', 'y', 'z'].map((name) => this.client(name))
  }

  static async begin(): Promise<Flow> {
    flow = new Flow(await system.newBook('a', 'b'))
    await flow.goesOn()
    return flow
  }

  /** A test that failed leaves no clients to the next one. */
  end(): void {
    this.isOver = true
  }

  /** Until twenty more are acknowledged than were. */
  async goesOn(): Promise<void> {
    const before = this.acknowledged
    await eventually('commands flow', () => this.acknowledged > before + 20, PATIENCE)
  }

  /** Ends it. Every command acknowledged must be in the book, once. */
  async check(): Promise<void> {
    this.isOver = true
    await Promise.all(this.clients)
    const headers = { 'headwater-min-position': this.position.toString() }
    const { body } = await eventually(
      'a source is fresh enough',
      async () => {
        const answer = await system.get(`/v1/ledger/books/${this.book}`, { headers })
        return answer.status !== 503 && answer
      },
      PATIENCE,
    )
    expect(body).toMatchObject({ transactions: this.acknowledged, revision: String(this.acknowledged + 2) })
  }

  private async client(name: string): Promise<void> {
    for (let at = 0; !this.isOver; at++) {
      const position = await insist(this.book, `${name}-${at}`)
      if (position > this.position) this.position = position
      this.acknowledged += 1
    }
  }
}

let flow: Flow | undefined
afterEach(() => flow?.end())

/** Until everything is ready, with another process in the place of this one. */
async function replaced({ id, pid }: Instance): Promise<void> {
  await eventually(
    `everything is ready, and ${id} is another process`,
    async () => {
      const now = await system.status()
      return now.ready && now.instances.some((each) => each.id === id && each.pid !== pid)
    },
    PATIENCE,
  )
}

test.each(VICTIMS)(
  'kill -9 of %s while commands flow loses nothing, and the system is whole again by itself',
  async (name, isMeant) => {
    const commands = await Flow.begin()
    const victim = (await system.status()).instances.find(isMeant)
    if (!victim) throw new Error(`there is no ${name}`)
    expect(victim.pid).toBeGreaterThan(1)
    process.kill(victim.pid, 'SIGKILL')
    await commands.goesOn()
    await replaced(victim)
    await commands.check()
  },
  300_000,
)

async function writers(): Promise<{ readonly leaders: readonly Instance[]; readonly standbys: readonly Instance[] }> {
  const all = (await system.status()).instances.filter(({ role }) => role === 'event-writer')
  return { leaders: all.filter(({ leader }) => leader), standbys: all.filter(({ leader }) => !leader) }
}

test.each(['SIGKILL', 'SIGTERM'] as const)(
  '%s of the leading event-writer while commands flow: the standby leads, and the other comes back as standby',
  async (signal) => {
    const commands = await Flow.begin()
    const [leader, standby] = await eventually('there is a leader with a standby', async () => {
      const { leaders, standbys } = await writers()
      const [[first], [second]] = [leaders, standbys]
      return first && second?.ready === true && ([first, second] as const)
    })
    process.kill(leader.pid, signal)
    await commands.goesOn()
    await eventually('the standby leads', async () => (await writers()).leaders.some(({ id }) => id === standby.id))
    await replaced(leader)
    const now = await eventually('the other stands by', async () => {
      const all = await writers()
      return all.standbys.some(({ ready }) => ready) && all
    })
    expect(now.leaders.map(({ id, pid }) => ({ id, pid }))).toEqual([{ id: standby.id, pid: standby.pid }])
    expect(now.standbys).toMatchObject([{ id: leader.id, ready: true }])
    await commands.check()
  },
  300_000,
)

test('status --json says on the command line what the controller says, and exits 0 when all is ready', async () => {
  const { code, stdout } = await eventually('all is ready', async () => {
    const said = await system.cli('status', '--json')
    return said.code === 0 && said
  })
  const { ready, instances } = await system.status()
  expect([code, ready]).toEqual([0, true])
  const told = JSON.parse(stdout) as { ready: boolean; instances: Instance[] }
  expect(told).toMatchObject({ ready, instances: instances.map(({ id, role, pid }) => ({ id, role, pid })) })
})

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
    'version',
    'id',
    'time',
    'data',
    'metadata',
  ])
})
