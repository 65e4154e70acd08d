import { eventually } from '../eventually.js'
import { move, System } from './system.js'

interface Build {
  readonly projection: string
  readonly build: number
  readonly slot: string
  readonly state: string
}

let system: System
beforeAll(async () => {
  system = await System.open()
})

async function cli(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await system.cli('projections', ...args)
  if (code !== 0) throw new Error(stderr)
  return stdout
}

const builds = async (name: string): Promise<readonly Build[]> =>
  (await cli('list', '--json'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Build)
    .filter(({ projection }) => projection === name)

test('a projection is rebuilt, promoted and rolled back while it is written, read and watched: nothing fails, nothing goes back', async () => {
  const book = await system.newBook('a', 'b')
  const socket = await system.live()
  const told: { event: string; position: string; data: { items: { transaction: string }[] } }[] = []
  for (const event of ['change', 'reset'])
    socket.on(event, (message: object) => void told.push({ ...message, event } as never))
  const path = `/v1/ledger/books/${book}/accounts/a/statement`
  expect(await system.subscribe(socket, { resource: path })).toMatchObject({ ok: true })

  const writes = new AbortController()
  let posted = 0
  const statuses = new Set<number>()
  const backwards: unknown[] = []
  const writing = (async () => {
    let last = 0n
    while (!writes.signal.aborted) {
      const { status, body } = await system.post(`/v1/ledger/books/${book}/transactions`, move(`t${posted}`, '1'))
      expect(status).toBe(201)
      posted += 1
      const token = String(body['position'])
      const headers = { 'headwater-min-position': token }
      const answer = await eventually('an answer is fresh enough', async () => {
        const each = await system.send('GET', `${system.queries}${path}?limit=1`, { headers })
        return each.body['code'] !== 'not-fresh-enough' && each
      })
      statuses.add(answer.status)
      const at = BigInt(String(answer.body['position']))
      if (at < last || at < BigInt(token)) backwards.push([last, token, at])
      last = at
      const [item] = answer.body['items'] as { balance: string }[]
      expect(item?.balance).toBe(String(posted))
    }
  })()
  const slots = async (): Promise<unknown> => (await builds('statement')).map(({ build, slot }) => [build, slot])
  const before = await slots()
  await cli('rebuild', 'statement')
  await eventually(
    'the new build is live',
    async () =>
      JSON.stringify(await slots()) !== JSON.stringify(before) &&
      !(await builds('statement')).some(({ slot }) => slot === 'next'),
  )
  await eventually('who watches is told to begin anew', () => told.some(({ event }) => event === 'reset'))
  const resets = told.length
  await eventually('and hears of what comes then', () => told.length > resets + 1)
  await cli('rollback', 'statement')
  const known = posted
  await eventually('writing goes on', () => posted > known + 5)
  writes.abort()
  await writing
  expect([...statuses]).toEqual([200])
  expect(backwards).toEqual([])
  await eventually('the last change arrives', () => told.at(-1)?.data.items[0]?.transaction === `t${posted - 1}`)
  // A reset shows the newest items; every other item is told once, and each follows on the one before.
  const numberOf = ({ transaction }: { transaction: string }): number => Number(transaction.slice(1))
  let next = 0
  for (const { event, data } of told) {
    const numbers = data.items.map(numberOf)
    if (event === 'change') expect(numbers).toEqual([next])
    next = Math.max(...numbers) + 1
  }
  await cli('drop', 'statement', '--slot', 'previous')
  socket.disconnect()
})

test('who was away while a build was promoted begins anew, and who was told since goes on', async () => {
  const book = await system.newBook('a', 'b')
  const post = async (id: string): Promise<string> =>
    String((await system.post(`/v1/ledger/books/${book}/transactions`, move(id, '1'))).body['position'])
  const lines = `/v1/ledger/books/${book}/accounts/a/statement`
  const seen = await post('t0')
  const last = await post('t1')
  const subscribe = async (after: string) => {
    const socket = await system.live()
    const resets: { position: string; data: { items: { transaction: string }[] } }[] = []
    socket.on('reset', (message: (typeof resets)[number]) => void resets.push(message))
    const { changes } = await system.subscribe(socket, { resource: lines, after, minPosition: last })
    return { socket, resets, told: (changes as { position: string }[]).map(({ position }) => position) }
  }
  const before = await subscribe(seen)
  expect(before.told).toEqual([last])
  before.socket.disconnect()
  await cli('rebuild', 'statement')
  await eventually('the new build is live', async () => {
    const all = await builds('statement')
    return all.some(({ slot }) => slot === 'previous') && !all.some(({ slot }) => slot === 'next')
  })
  const away = await subscribe(seen)
  expect(away.told).toEqual([])
  await eventually('it is told to begin anew', () => away.resets.length > 0)
  const [reset] = away.resets
  expect(reset?.data.items.map(({ transaction }) => transaction)).toEqual(['t1', 't0'])
  const since = await post('t2')
  await post('t3')
  away.socket.disconnect()
  await eventually('who was told since goes on', async () => {
    const back = await subscribe(since)
    back.socket.disconnect()
    return back.told.length === 1 && back.resets.length === 0
  })
  await cli('drop', 'statement', '--slot', 'previous')
})

test('what cannot be done is said, with the reason', async () => {
  await expect(cli('promote', 'books')).rejects.toThrow('there is no next build')
  await expect(cli('rebuild', 'nothing')).rejects.toThrow('there is no projection "nothing"')
  await expect(cli('drop', 'books', '--slot', 'live')).rejects.toThrow('slot')
  await expect(cli('drop', 'books')).rejects.toThrow('say which')
  await expect(cli('drop', 'books', '--version', 'abc')).rejects.toThrow('not a whole number')
  await expect(cli('drop', 'books', '--version', '1')).rejects.toThrow('version 1 is the installed one')
})
