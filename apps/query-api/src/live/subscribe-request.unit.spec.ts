import { domains } from '#domains'
import { type Answer } from '#read-models'
import { LiveStage, type SocketDouble } from './fixtures/live-stage.js'

let client: SocketDouble
beforeEach(async () => {
  client = await new LiveStage(domains, { read: () => new Promise<Answer>(() => undefined) }).connect()
})

/** What GET answers to the same, is told in `libs/runtime/src/service/broken-text.unit.spec.ts` and `query-input.unit.spec.ts`. */
test.each([
  ['/balances?account=a&account=b', 'account', 'isText'],
  ['/balances?account=%ff', 'query', 'percent-encoding'],
  ['/balances?account=%', 'query', 'percent-encoding'],
  ['/balances?account=a?account=b&colour=red', 'colour', 'unknown-field'],
  ['/transactions?limit=1&limit=2', 'limit', 'range'],
  ['/transactions?cursor=a&cursor=b', 'cursor', 'once'],
  ['/balances/%ff', 'resource', 'subscribe'],
  ['/balances/%', 'resource', 'subscribe'],
  ['/balances/\ufffd', 'resource', 'subscribe'],
])('%s cannot be watched, as it cannot be had by GET', async (path, field, rule) => {
  const answer = await client.ask('subscribe', { resource: `/v1/ledger/books/main${path}` })
  expect(answer).toMatchObject({
    ok: false,
    problem: { status: 400, code: 'invalid-parameter', errors: [{ field, rule }] },
  })
})
