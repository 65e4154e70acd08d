import { type RecordedEvent } from '#domain-kit'
import { createMemoryStore, type EventStore } from '#event-store'
import { checkDecisions, kindsOf, log, open, payment, request } from './fixtures/wallet.js'
import { CommandHandler } from './index.js'

/** A log that two instances share, each told of all commits, with a count of the conflicts that either met. */
function sharedLog(): { readonly store: EventStore; readonly conflicts: () => number } {
  const inner = createMemoryStore()
  const told: RecordedEvent[] = []
  let conflicts = 0
  const store = Object.assign(Object.create(inner) as EventStore, {
    append: async (asked: Parameters<EventStore['append']>[0]) => {
      const result = await inner.append(asked)
      if (result.outcome === 'conflict') conflicts += 1
      told.splice(0, Infinity, ...(await log(inner)))
      return result
    },
    news: (stream: string, after: bigint) => told.filter((event) => event.stream === stream && event.revision > after),
  })
  return { store, conflicts: () => conflicts }
}

test('instances that are told of what the other appends meet no conflict when they take turns', async () => {
  const { store, conflicts } = sharedLog()
  const [one, other] = [new CommandHandler({ store }), new CommandHandler({ store })]
  await one.execute(request(open, { limit: 1_000 }))
  await other.execute(payment(1))
  const outcomes = []
  for (let count = 0; count < 20; count += 1) outcomes.push(await [one, other][count % 2]?.execute(payment(1)))
  expect(kindsOf(outcomes.flatMap((each) => (each ? [each] : [])))).toEqual(outcomes.map(() => 'accepted'))
  expect(await checkDecisions(store)).toBe(21)
  expect(conflicts()).toBe(0)
})

test('without news the same succeeds by conflicts', async () => {
  const { store, conflicts } = sharedLog()
  const deaf = Object.assign(Object.create(store) as EventStore, { news: undefined })
  const [one, other] = [new CommandHandler({ store: deaf }), new CommandHandler({ store: deaf })]
  await one.execute(request(open, { limit: 1_000 }))
  for (let count = 0; count < 4; count += 1) await [other, one][count % 2]?.execute(payment(1))
  expect(await checkDecisions(deaf)).toBe(4)
  expect(conflicts()).toBeGreaterThan(0)
})
