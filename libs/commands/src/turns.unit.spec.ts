import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type AppendRequest, type AppendResult, createMemoryStore, type EventStore } from '#event-store'
import { checkDecisions, kindsOf, open, payment, request } from './fixtures/wallet.js'
import { CommandHandler } from './index.js'
import { Turns } from './turns.js'

afterEach(() => jest.restoreAllMocks())

/** Appends after a conflict that are told of it. */
const TOLD = 50

/** One log as instances see it that are nearer and further away: so many turns of the event loop. */
function logAtDistances(): (turns: number) => EventStore {
  const store = createMemoryStore()
  let toTell = 0
  const told = (result: AppendResult): AppendResult => {
    if (result.outcome === 'conflict') toTell = TOLD
    if (result.outcome !== 'appended' || toTell === 0) return result
    toTell -= 1
    return { ...result, isContended: true }
  }
  return (turns) =>
    Object.assign(Object.create(store) as EventStore, {
      append: async (asked: Parameters<EventStore['append']>[0]) => {
        for (let turn = 0; turn < turns; turn += 1) await nextTurn()
        return told(await store.append(asked))
      },
    })
}

test('an instance that is always faster lets the others have their turn', async () => {
  const at = logAtDistances()
  const near = new CommandHandler({ store: at(1) })
  const far = new CommandHandler({ store: at(6) })
  await near.execute(request(open, { limit: 1_000_000 }))
  const going = { on: true }
  const crowd = Array.from({ length: 20 }, async () => {
    const kinds = new Set<string>()
    while (going.on) kinds.add((await near.execute(payment(1))).kind)
    return [...kinds]
  })
  const outcomes = []
  for (let count = 0; count < 5; count += 1) outcomes.push(await far.execute(payment(1)))
  going.on = false
  expect(kindsOf(outcomes)).toEqual(outcomes.map(() => 'accepted'))
  expect(new Set((await Promise.all(crowd)).flat())).toEqual(new Set(['accepted']))
  expect(await checkDecisions(at(0))).toBeGreaterThan(5)
})

test('only the first of a chain is charged for what it lost, in whatever order its appends are answered', async () => {
  const inner = createMemoryStore()
  const opened = request(open, { limit: 1_000_000 })
  await new CommandHandler({ store: inner }).execute(opened)
  const unlucky = payment(1)
  let rivals = 0
  const store = Object.assign(Object.create(inner) as EventStore, {
    append: async (asked: Parameters<EventStore['append']>[0]) => {
      if (asked.commandId.key !== unlucky.key) return inner.append(asked)
      // Each time somebody else is there before, and what stands behind it is answered first.
      await inner.append({ ...asked, ...rival((rivals += 1), asked) })
      const result = await inner.append(asked)
      for (let turn = 0; turn < 5; turn += 1) await nextTurn()
      return result
    },
  })
  const handler = new CommandHandler({ store })
  const outcomes = await Promise.all([unlucky, payment(1), payment(1)].map((each) => handler.execute(each)))
  expect(kindsOf(outcomes)).toEqual(['contended', 'accepted', 'accepted'])
  expect(rivals).toBe(12)
})

test.each([
  ['that somebody else was faster', false, 1],
  ['that its chain broke at a retry of its own', true, 0],
])('who meets a conflict takes turns when it says %s', async (_, isAlone, times) => {
  const store = createMemoryStore()
  const handler = new CommandHandler({ store })
  const first = request(open, { limit: 1_000_000 })
  await handler.execute(first)
  if (!isAlone) await new CommandHandler({ store }).execute(payment(1))
  const noticed = jest.spyOn(Turns.prototype, 'noticed')
  const append = jest.spyOn(store, 'append')
  const retry = { ...payment(1), key: first.key }
  const outcomes = await Promise.all(
    [...(isAlone ? [retry] : []), payment(1), payment(1)].map((each) => handler.execute(each)),
  )
  expect(kindsOf(outcomes)).toEqual([...(isAlone ? ['key-reused'] : []), 'accepted', 'accepted'])
  const results = await Promise.all(append.mock.results.map(({ value }) => value as Promise<AppendResult>))
  expect(results).toContainEqual(expect.objectContaining({ outcome: 'conflict' }))
  expect(noticed.mock.calls.length > 0 ? 1 : 0).toBe(times)
})

function rival(ordinal: number, { writes, commandId }: AppendRequest): Partial<AppendRequest> {
  return {
    commandId: { ...commandId, key: `rival-${ordinal}` },
    claims: [],
    writes: writes.map(({ stream, events }) => ({
      stream,
      expected: 'any',
      events: events.map((event) => ({ ...event, id: randomUUID() })),
    })),
  }
}
