import { type Socket as TcpSocket } from 'node:net'
import { type Socket } from 'socket.io-client'
import { eventually } from '../eventually.js'
import { System } from './system.js'

interface Told {
  readonly event: string
  readonly subscription: string
  readonly position: string
  readonly data: { readonly items?: readonly { readonly id: string }[]; readonly balances?: { amount: string }[] }
}

/** Of 32 kB each: more than the buffers of two sockets of this host take. */
const LARGE = 500
/** With as many small ones after them, more than a list keeps for one reader. */
const TRANSACTIONS = LARGE + 1_200
const TEXT = 'x'.repeat(4_000)
const PADDING = { description: TEXT, comment: TEXT, tags: { a: TEXT, b: TEXT, c: TEXT, d: TEXT, e: TEXT, f: TEXT } }

/** What a process that hangs does: it takes nothing from its connection any more. */
function tcpOf(socket: Socket): TcpSocket {
  const { transport } = socket.io.engine as unknown as { transport: { ws: { _socket: TcpSocket } } }
  return transport.ws._socket
}

/** Still its heart beats: as if it had heard a ping it answers one, and waits for another. */
function beat(socket: Socket): void {
  const engine = socket.io.engine as unknown as { _onPacket(packet: { readonly type: 'ping' }): void }
  engine._onPacket({ type: 'ping' })
}

function line(target: string, ordinal: number): string {
  const postings = [
    { account: 'a', amount: '1', commodity: 'EUR' },
    { account: 'b', amount: '-1', commodity: 'EUR' },
  ]
  const body = { id: String(ordinal), date: '2026-11-23', postings, ...(ordinal < LARGE ? PADDING : {}) }
  return JSON.stringify({ key: `slow-${ordinal}`, command: 'ledger.post-transaction', target, body })
}

test('a reader that stops reading is not buffered for, and finds newest states and an unbroken list afterwards', async () => {
  const system = await System.open()
  const book = await system.newBook('a', 'b')
  const socket = await system.live()
  let beating: NodeJS.Timeout | undefined
  try {
    const told: Told[] = []
    for (const event of ['change', 'reset'])
      socket.on(event, (message: Omit<Told, 'event'>) => void told.push({ ...message, event }))
    const watch = async (path: string): Promise<string> => {
      const answer: unknown = await socket.emitWithAck('subscribe', { resource: `/v1/ledger/books/${book}${path}` })
      expect(answer).toMatchObject({ ok: true })
      return (answer as { subscription: string }).subscription
    }
    const [list, balance] = [await watch('/transactions?limit=1000'), await watch('/balances/a')]
    tcpOf(socket).pause()
    beating = setInterval(() => beat(socket), 5_000)
    let position = '0'
    for (let from = 0; from < TRANSACTIONS; from += 100) {
      const lines = Array.from({ length: 100 }, (_, at) => line(book, from + at)).join('\n')
      const headers = { 'content-type': 'application/x-ndjson' }
      const { body } = await system.post('/v1/commands', lines, { headers })
      const last = String(body['text']).trimEnd().split('\n').at(-1) ?? '{}'
      position = (JSON.parse(last) as { position: string }).position
    }
    // Everything has gone past this reader when another one has seen it.
    const other = await system.live()
    const resource = `/v1/ledger/books/${book}/balances/a`
    const seen = await system.subscribe(other, { resource, minPosition: position })
    expect(seen).toMatchObject({ data: { balances: [{ amount: String(TRANSACTIONS) }] } })
    other.disconnect()
    expect(told).toEqual([])
    clearInterval(beating)
    tcpOf(socket).resume()
    const of = (id: string): Told[] => told.filter(({ subscription }) => subscription === id)
    const amount = String(TRANSACTIONS)
    await eventually('the newest balance', () => of(balance).at(-1)?.data.balances?.[0]?.amount === amount)
    await eventually('the end of the list', () => newest(of(list)) === String(TRANSACTIONS - 1))
    // Up to a reset each item once and in order; a reset has the newest thousand, newest first, and each item follows.
    const at = of(list).findLastIndex(({ event }) => event === 'reset')
    expect(at).toBeGreaterThanOrEqual(0)
    const before = of(list).slice(
      0,
      of(list).findIndex(({ event }) => event === 'reset'),
    )
    const items = (messages: readonly Told[]): number[] =>
      messages.flatMap(({ data }) => (data.items ?? []).map(({ id }) => Number(id)))
    expect(items(before)).toEqual(items(before).map((_, ordinal) => ordinal))
    const after = [...items(of(list).slice(at, at + 1)).reverse(), ...items(of(list).slice(at + 1))]
    expect(after).toEqual(after.map((_, ordinal) => TRANSACTIONS - after.length + ordinal))
    for (const id of [list, balance]) {
      const positions = of(id).map((each) => BigInt(each.position))
      expect(positions.every((each, ordinal) => ordinal === 0 || each > (positions[ordinal - 1] ?? 0n))).toBe(true)
    }
  } finally {
    clearInterval(beating)
    socket.disconnect()
  }
})

function newest(messages: readonly Told[]): string | undefined {
  const last = messages.at(-1)
  const items = last?.data.items ?? []
  return last?.event === 'reset' ? items[0]?.id : items.at(-1)?.id
}
