import { move, System } from './system.js'

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

let system: System
beforeAll(async () => {
  system = await System.open()
})

interface TailedEvent {
  readonly type: string
  readonly metadata: Readonly<Record<string, unknown>>
}

/** The event at a position, as it is stored. */
async function eventAt(position: unknown): Promise<TailedEvent> {
  const { stdout } = await system.cli('events', 'tail', '--from', String(position), '--limit', '1', '--json')
  return JSON.parse(stdout) as TailedEvent
}

test('an event says who asked for it, in which context, and what led to it', async () => {
  const book = await system.newBook('a', 'b')
  const headers = { 'x-correlation-id': 'order-7', traceparent: TRACE, 'idempotency-key': 'k1' }
  const path = `/v1/ledger/books/${book}/transactions`
  const { body } = await system.post(path, move('1', '1'), { headers })
  const { metadata } = await eventAt(body['position'])
  const said = { actor: expect.any(String) as string, correlationId: 'order-7', traceparent: TRACE }
  expect(metadata).toMatchObject({ ...said, causationId: 'k1' })
  const caused = await system.post(path, move('2', '1'), {
    headers: { ...headers, 'idempotency-key': 'k2', 'x-causation-id': 'click-1' },
  })
  expect((await eventAt(caused.body['position'])).metadata).toMatchObject({ ...said, causationId: 'click-1' })
})

test('a request without a context is given one, which its answer and its event name', async () => {
  const book = await system.newBook('a', 'b')
  const { body, headers } = await system.post(`/v1/ledger/books/${book}/transactions`, move('1', '1'))
  const { metadata } = await eventAt(body['position'])
  expect(metadata['correlationId']).toBe(headers.get('x-correlation-id'))
  expect(metadata['causationId']).toMatch(/^[0-9a-f-]{36}$/)
  expect(metadata).not.toHaveProperty('traceparent')
})

test('every line of a bulk request is in the context of the request, and its own cause', async () => {
  const book = await system.newBook('a', 'b')
  const lines = Array.from({ length: 600 }, (_, at) =>
    JSON.stringify({ key: `line-${at}`, command: 'ledger.post-transaction', target: book, body: move(`t${at}`, '1') }),
  )
  const { body } = await system.post('/v1/commands', lines.join('\n'), {
    headers: { 'content-type': 'application/x-ndjson', 'x-correlation-id': 'import-1', traceparent: TRACE },
  })
  const results = String(body['text'])
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { key: string; position: string })
  expect(results).toHaveLength(600)
  for (const { key, position } of [results[0], results[300], results[599]].filter((each) => each !== undefined))
    expect((await eventAt(position)).metadata).toMatchObject({
      correlationId: 'import-1',
      traceparent: TRACE,
      causationId: key,
    })
})
