import { SubjectLimits } from './subject-limits.js'

const refused = (detail: string): Error => expect.objectContaining({ code: 'too-many-requests', detail }) as Error
const SOCKETS = 'the subject of this token has 2 sockets here, the most it may; close one, or watch more on one socket'
const SUBSCRIPTIONS = 'the subject of this token holds 3 subscriptions here, the most it may; unsubscribe from some'

let limits: SubjectLimits
beforeEach(() => {
  limits = new SubjectLimits({ sockets_max: 2, subscriptions_max: 3 })
})

test('a subject has so many sockets, and others have theirs', () => {
  limits.connect('ann')
  limits.connect('ann')
  expect(() => limits.connect('ann')).toThrow(refused(SOCKETS))
  limits.connect('ben')
})

test('a socket that is closed makes room for one', () => {
  limits.connect('ann')
  limits.connect('ann')
  limits.disconnect('ann')
  limits.connect('ann')
  expect(() => limits.connect('ann')).toThrow(refused(SOCKETS))
})

test('all sockets of a subject share its subscriptions', () => {
  limits.connect('ann')
  limits.connect('ann')
  for (let count = 0; count < 3; count += 1) limits.subscribe('ann')
  expect(() => limits.subscribe('ann')).toThrow(refused(SUBSCRIPTIONS))
  limits.unsubscribe('ann')
  limits.subscribe('ann')
  expect(() => limits.subscribe('ann')).toThrow(refused(SUBSCRIPTIONS))
})

test('a read counts until it has ended, also when all sockets of its subject have gone', async () => {
  const done: (() => void)[] = []
  const read = (): Promise<void> => limits.reading('ann', () => new Promise((resolve) => done.push(resolve)))
  limits.connect('ann')
  const reads = [read(), read(), read()]
  await expect(read()).rejects.toMatchObject({ code: 'too-many-requests', status: 429 })
  limits.disconnect('ann')
  limits.connect('ann')
  await expect(read()).rejects.toMatchObject({ code: 'too-many-requests' })
  await limits.reading('ben', () => Promise.resolve())
  for (const each of done.splice(0)) each()
  await Promise.all(reads)
  reads.push(read())
  expect(done).toHaveLength(1)
})
