import { aggregate, document, domain, integer, projection, text } from '#domain-kit'
import { type Answer } from '#read-models'
import { reports } from '#reports'
import { Problem } from '#runtime'
import { LiveStage, principalOf, SocketDouble } from './fixtures/live-stage.js'

const counter = aggregate<{ readonly type: 'Counted'; readonly data: object }>()('counter', {
  version: 1,
  initial: {},
  evolve: { Counted: (state) => state },
})
const counts = projection('counts', {
  version: 1,
  of: counter,
  table: { counter: text().key(), count: integer() },
  key: (event) => ({ counter: event.aggregateId }),
  fold: { Counted: (row) => row },
})
/** Cannot show what is negative, and shows zero as what JSON cannot hold. */
const counting = domain('counting', {
  commands: [],
  resources: [
    document(counts, 'GET /counts/{counter}', {
      answer: ({ count }) => {
        if (count < 0) throw new RangeError('a counter only grows')
        return { count: count === 0 ? 0n : count }
      },
    }),
  ],
})

const TABLE = 'counts.v1:counts'

let stage: LiveStage
afterEach(() => stage.sessions.drain(0))

const answer = (position: bigint, data: object = {}): Promise<Answer> =>
  Promise.resolve({ position, build: 1, source: 'cache', etag: `W/"any-${position}"`, data })
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a subscription that cannot be kept ends with the reason, and no other', () => {
  test.each([
    ['whose answer throws', -1],
    ['whose answer is no JSON', 0],
  ])('one %s', async (_, count) => {
    stage = new LiveStage([counting], { read: () => answer(5n) })
    const clients = [await stage.connect(new SocketDouble('1')), await stage.connect(new SocketDouble('2'))]
    for (const each of clients)
      for (const name of ['bad', 'good'])
        expect(await each.ask('subscribe', { resource: `/v1/counting/counts/${name}` })).toMatchObject({ ok: true })
    stage.tell(TABLE, 6, ['bad', count], ['good', 7])
    await settled()
    stage.tell(TABLE, 7, ['bad', 8], ['good', 8])
    for (const { sent, connected } of clients) {
      expect(connected).toBe(true)
      expect(sent).toMatchObject([
        ['ended', { subscription: 's1', problem: { status: 500, code: 'internal-error', instance: '/live' } }],
        ['change', { subscription: 's2', position: '6', data: { count: 7 } }],
        ['change', { subscription: 's2', position: '7', data: { count: 8 } }],
      ])
    }
    expect(stage.hub.size).toBe(2)
    expect(stage.logged).toMatchObject([{ resource: '/v1/counting/counts/{counter}' }])
  })

  test('one that cannot be read anew for half a minute', async () => {
    const read = jest.fn(() => answer(5n))
    stage = new LiveStage([counting], { read })
    const client = await stage.connect()
    for (const name of ['a', 'b']) await client.ask('subscribe', { resource: `/v1/counting/counts/${name}` })
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] })
    try {
      read.mockRejectedValue(Problem.of('not-fresh-enough', 'not yet'))
      stage.gap('/v1/counting/counts/a')
      await jest.advanceTimersByTimeAsync(29_000)
      expect(client.sent).toEqual([])
      await jest.advanceTimersByTimeAsync(3_000)
    } finally {
      jest.useRealTimers()
    }
    expect(client.sent).toMatchObject([['ended', { subscription: 's1', problem: { code: 'not-fresh-enough' } }]])
    expect(client.connected).toBe(true)
    stage.tell(TABLE, 6, ['b', 7])
    expect(client.sent.at(-1)).toMatchObject(['change', { subscription: 's2' }])
  })
})

test('a client that does not listen to ends is sent away, and finds out when it subscribes again', async () => {
  stage = new LiveStage([counting], { read: () => answer(5n) })
  const client = new SocketDouble()
  client.handshake.auth = { token: 'any' }
  await stage.connect(client)
  await client.ask('subscribe', { resource: '/v1/counting/counts/bad' })
  stage.tell(TABLE, 6, ['bad', -1])
  await settled()
  expect(client.sent).toMatchObject([['closing', { reason: 'failed' }]])
  expect(client.connected).toBe(false)
})

describe('a document that comes to be while it is watched is told only to a token that covers it', () => {
  const missing = (): Promise<Answer> =>
    Promise.reject(Problem.of('not-found', 'there is none', { headers: { 'headwater-position': '5' } }))
  const row = (book: string): unknown[] => [
    ...['job-1', 'balances', 'queued', { book }, null, null, [], null],
    ...['book', book],
  ]
  const request = { resource: '/v1/reports/jobs/job-1', after: '4' }

  test('not when it is another book\u2019s', async () => {
    stage = new LiveStage([reports], { principal: principalOf(['main']), read: missing })
    const client = await stage.connect()
    expect(await client.ask('subscribe', request)).toMatchObject({ ok: true, changes: [{ data: null }] })
    stage.tell('jobs.v1:jobs', 6, row('secret'))
    stage.tell('jobs.v1:jobs', 7, row('secret'))
    expect(client.sent).toEqual([
      ['ended', { subscription: 's1', problem: expect.objectContaining({ status: 403, code: 'forbidden' }) as object }],
    ])
    expect(stage.hub.size).toBe(0)
  })

  test('not when it comes before the answer', async () => {
    let begun = (): void => undefined
    const reading = new Promise<void>((resolve) => (begun = resolve))
    stage = new LiveStage([reports], { principal: principalOf(['main']), read: () => reading.then(missing) })
    const client = await stage.connect()
    const asked = client.ask('subscribe', request)
    stage.tell('jobs.v1:jobs', 6, row('secret'))
    begun()
    expect(await asked).toMatchObject({ ok: false, problem: { status: 403 } })
    expect(client.sent).toEqual([])
    expect(stage.hub.size).toBe(0)
  })

  test('and is told when it is covered', async () => {
    stage = new LiveStage([reports], { principal: principalOf(['main']), read: missing })
    const client = await stage.connect()
    await client.ask('subscribe', request)
    stage.tell('jobs.v1:jobs', 6, row('main'))
    expect(client.sent).toMatchObject([['change', { data: { state: 'queued' } }]])
  })
})

test('a connection on which sockets come and go is left as it was', async () => {
  stage = new LiveStage([counting], { read: () => answer(5n) })
  const { conn } = new SocketDouble()
  for (let times = 0; times < 20; times += 1) {
    const double = Object.assign(new SocketDouble(String(times)), { conn })
    await stage.connect(double)
    stage.sessions.close(double.socket)
  }
  expect(conn.eventNames()).toEqual([])
  expect(stage.sessions.size).toBe(0)
})

test('what a client asks together with its leaving is not done: nobody would end it', async () => {
  const read = jest.fn(() => answer(5n))
  stage = new LiveStage([counting], { read })
  const client = await stage.connect()
  stage.sessions.close(client.socket)
  void client.ask('subscribe', { resource: '/v1/counting/counts/a' })
  await settled()
  expect(stage.hub.size).toBe(0)
  expect(read).not.toHaveBeenCalled()
})

test('what a client wants no answer to does not count as unread', async () => {
  stage = new LiveStage([counting], { read: () => answer(5n) })
  const client = await stage.connect()
  await client.ask('subscribe', { resource: '/v1/counting/counts/a' })
  for (let times = 0; times < 2_000; times += 1) client.tell('unsubscribe', { subscription: 'unknown' })
  stage.tell(TABLE, 6, ['a', 7])
  expect(client.sent).toMatchObject([['change', { subscription: 's1' }]])
  expect(client.connected).toBe(true)
})

test('whoever asks on without reading the answers is sent away', async () => {
  stage = new LiveStage([counting], { read: () => answer(5n) })
  const client = await stage.connect()
  const disconnect = jest.spyOn(client, 'disconnect')
  for (let times = 0; times < 1_100; times += 1) await client.ask('unsubscribe', { subscription: 'unknown' })
  expect(client.connected).toBe(true)
  for (let times = 0; times < 5; times += 1) await client.ask('unsubscribe', { subscription: 'unknown' })
  expect(client.connected).toBe(false)
  expect(disconnect).toHaveBeenCalledTimes(1)
})

describe('what a socket has asked for and does not read', () => {
  const subscribe = async (read: () => Promise<Answer>): Promise<{ client: SocketDouble; answers: unknown[] }> => {
    stage = new LiveStage([counting], { read })
    const client = await stage.connect()
    const answers: unknown[] = []
    for (let at = 1; at <= 100; at += 1)
      void client.ask('subscribe', { resource: `/v1/counting/counts/${at}` }).then((each) => answers.push(each['ok']))
    await settled()
    return { client, answers }
  }
  const large = () => answer(5n, { text: 'x'.repeat(100_000) })

  test('is handed over as far as it keeps up, and the rest when it has read', async () => {
    const { client, answers } = await subscribe(large)
    expect(answers).toHaveLength(3)
    for (let times = 1; times <= 40; times += 1) {
      client.conn.emit('drain')
      await settled()
    }
    expect(answers).toEqual(Array.from({ length: 100 }, () => true))
  })

  test('is read a little ahead, and no more of it', async () => {
    const read = jest.fn(large)
    await subscribe(read)
    expect(read).toHaveBeenCalledTimes(3 + 16)
  })

  test('is forgotten when it goes, also what is still being read', async () => {
    let end = (): void => undefined
    const ended = new Promise<void>((resolve) => (end = resolve))
    const read = jest.fn(large)
    for (let times = 0; times < 30; times += 1) read.mockImplementationOnce(large)
    read.mockImplementation(() => ended.then(large))
    const { client, answers } = await subscribe(read)
    stage.sessions.close(client.socket)
    end()
    await settled()
    expect(answers).toHaveLength(100)
    expect(stage.hub.size).toBe(0)
  })
})

describe('whoever unsubscribes before the answer has not made room for more reads', () => {
  test.each([
    ['of its subject', 100, 'the subject of this token has 100 subscribes in hand here'],
    ['of its socket', 100_000, 'a socket may have 1000 subscribes in hand'],
  ])('%s', async (_, subscriptions_max, detail) => {
    const read = jest.fn(() => new Promise<Answer>(() => undefined))
    stage = new LiveStage([counting], { read, subscriptions_max })
    const client = await stage.connect()
    const ask = (name: string): Promise<object> => client.ask('subscribe', { resource: `/v1/counting/counts/${name}` })
    for (let at = 1; at <= Math.min(subscriptions_max, 1_000); at += 1) {
      void ask(`c${at}`)
      expect(await client.ask('unsubscribe', { subscription: `s${at}` })).toEqual({ ok: true })
      // It has read what it was answered.
      client.conn.emit('drain')
    }
    expect(await ask('more')).toMatchObject({
      ok: false,
      problem: { status: 429, code: 'too-many-requests', detail: expect.stringContaining(detail) as string },
    })
    // As many as are read at a time.
    expect(read).toHaveBeenCalledTimes(10)
    expect(stage.hub.size).toBe(0)
  })
})

test('what has been closed by the time that its turn comes is not read', async () => {
  const begun: (() => void)[] = []
  const read = (): Promise<Answer> => new Promise((resolve) => begun.push(() => resolve(answer(5n))))
  stage = new LiveStage([counting], { read })
  const [gone, staying] = [await stage.connect(new SocketDouble('1')), await stage.connect(new SocketDouble('2'))]
  const ask = (client: SocketDouble, name: string) =>
    client.ask('subscribe', { resource: `/v1/counting/counts/${name}` })
  const first = Array.from({ length: 10 }, (_, at) => ask(staying, `first${at}`))
  const dropped = Array.from({ length: 50 }, (_, at) => ask(gone, `dropped${at}`))
  const last = ask(staying, 'last')
  stage.sessions.close(gone.socket)
  for (const each of begun.splice(0)) each()
  await Promise.all([...first, ...dropped])
  expect(begun).toHaveLength(1)
  begun[0]?.()
  expect(await last).toMatchObject({ ok: true })
})
