import { type Need, Waiting } from './waiting.js'

const MINUTE_MS = 60_000
const needOf = (subject?: string): Need => ({ of: [], minPosition: 9n, subject })
const refused = { code: 'overloaded', status: 503 }

test('one subject that waits for all that may be waited for leaves room for another, who is woken', async () => {
  const waiting = new Waiting({ waits_max: 6, ofSubject_max: 2, onChange: () => undefined })
  const theirs = Array.from({ length: 3 }, () => waiting.wait(needOf('ann'), MINUTE_MS))
  await expect(waiting.wait(needOf('ann'), MINUTE_MS)).rejects.toMatchObject(refused)
  const others = [waiting.wait(needOf('ben'), MINUTE_MS), waiting.wait(needOf(), MINUTE_MS)]
  waiting.wakeIf(({ subject }) => subject !== 'ann')
  await Promise.all(others)
  expect(waiting.size).toBe(3)
  waiting.wakeIf(() => true)
  await Promise.all(theirs)
  const again = waiting.wait(needOf('ann'), MINUTE_MS)
  waiting.wakeIf(() => true)
  await again
})

test('no more wait than may, whoever they are', async () => {
  const waiting = new Waiting({ waits_max: 2, ofSubject_max: 2, onChange: () => undefined })
  const all = [waiting.wait(needOf('ann'), MINUTE_MS), waiting.wait(needOf(), MINUTE_MS)]
  await expect(waiting.wait(needOf('ben'), MINUTE_MS)).rejects.toMatchObject(refused)
  waiting.wakeIf(() => true)
  await Promise.all(all)
})
