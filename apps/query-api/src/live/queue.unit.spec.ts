import { type DocumentResource, type ListResource } from '#domain-kit'
import { ledger } from '#ledger'
import { type RowChange } from './hub.js'
import { queueFor } from './queue.js'

const [anyDocument] = ledger.resources.filter((each): each is DocumentResource => each.kind === 'document')
const [anyList] = ledger.resources.filter((each): each is ListResource => each.kind === 'list')
const document: DocumentResource = { ...anyDocument!, answer: (row) => ({ row }) }
const list: ListResource = { ...anyList!, item: (row) => ({ ...row }) }

const change = (position: bigint, id: string, op: RowChange['op'] = 'new'): RowChange => ({
  op,
  row: { id },
  created: { position, ordinal: 0 },
  changed: position,
})

const data = (payload: { packet(event: 'change', id: string): { text: string } } | undefined): unknown => {
  const text = payload?.packet('change', 's1').text ?? ''
  return (JSON.parse(text.slice(text.indexOf('['))) as [string, { data: unknown }])[1].data
}

test('of a document only the newest state waits', () => {
  const queue = queueFor(document)
  queue.put([change(1n, 'a'), change(2n, 'b')])
  queue.put([change(3n, 'c')])
  expect(data(queue.take())).toEqual({ position: '3', row: { id: 'c' } })
  expect(queue.isEmpty).toBe(true)
  expect(queue.take()).toBeUndefined()
})

test('a document that is gone is null', () => {
  const queue = queueFor(document)
  queue.put([change(1n, 'a', 'del')])
  expect(data(queue.take())).toBeNull()
})

test('of a list each item comes once, those of one position together', () => {
  const queue = queueFor(list)
  queue.put([change(1n, 'a'), change(1n, 'b'), change(2n, 'c')])
  expect(data(queue.take())).toEqual({ items: [{ id: 'a' }, { id: 'b' }] })
  expect(data(queue.take())).toEqual({ items: [{ id: 'c' }] })
  expect(queue.take()).toBeUndefined()
})

test('a reader that is more than a thousand items behind must begin anew', () => {
  const queue = queueFor(list)
  const many = Array.from({ length: 1_000 }, (_, at) => change(BigInt(at + 1), String(at)))
  expect(queue.put(many)).toBe(true)
  expect(queue.put([change(2_000n, 'last')])).toBe(false)
})

test.each([
  ['document', document],
  ['list', list],
] as const)('all who watch the same %s are sent the same object', (_, resource) => {
  const told = [change(1n, 'a')]
  const queues = [queueFor(resource), queueFor(resource)]
  for (const each of queues) each.put(told)
  const [first, second] = queues.map((each) => each.take())
  expect(first).toBeDefined()
  expect(second).toBe(first)
})

test('whoever may see only some of the new items is sent those, not what others are sent', () => {
  const [a, b] = [change(1n, 'a'), change(1n, 'b')]
  const [all, some] = [queueFor(list), queueFor(list)]
  all.put([a, b])
  some.put([a])
  expect(data(all.take())).toEqual({ items: [{ id: 'a' }, { id: 'b' }] })
  expect(data(some.take())).toEqual({ items: [{ id: 'a' }] })
})

test('a reader that has read everything is told a batch of any size, and begins anew only when more come before it has read', () => {
  const queue = queueFor(list)
  const many = Array.from({ length: 5_000 }, (_, at) => change(BigInt(at + 1), String(at)))
  expect(queue.put(many)).toBe(true)
  expect(queue.put([change(6_000n, 'next')])).toBe(false)
  for (let at = 0; at < 5_000; at += 1) expect(data(queue.take())).toEqual({ items: [{ id: String(at) }] })
  expect(queue.put(many)).toBe(true)
})
