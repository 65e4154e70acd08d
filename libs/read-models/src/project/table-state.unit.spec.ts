import { type ClientBase } from 'pg'
import { type RecordedEvent } from '#domain-kit'
import { ledger } from '#ledger'
import { tablesOf } from '../tables/table.js'
import { changesOf } from './changes.js'
import { TableState } from './table-state.js'

const table = tablesOf([ledger]).find(({ name }) => name === 'books')!
const event = { position: 1n, aggregate: 'book', aggregateId: 'a', type: 'BookOpened' } as RecordedEvent
const keys = (...books: readonly string[]): { book: string }[] => books.map((book) => ({ book }))

/** Says for which books the database was asked, and has none. */
function database(): { client: ClientBase; asked: string[] } {
  const asked: string[] = []
  const query = (sql: string, values?: readonly string[]): Promise<{ rows: object[] }> => {
    if (sql.startsWith('select')) asked.push(...(values ?? []))
    return Promise.resolve({ rows: [] })
  }
  return { client: { query } as unknown as ClientBase, asked }
}

async function add(state: TableState, client: ClientBase, books: readonly string[]): Promise<void> {
  for (const entry of await state.load(client, keys(...books)))
    state.set(entry, event, { ...entry.key, description: '' })
  state.take()
}

test('a table that began empty is not asked for what was never put there', async () => {
  const { client, asked } = database()
  const state = new TableState(table, true)
  await add(state, client, ['a', 'b'])
  await add(state, client, ['c'])
  expect(asked).toEqual([])
})

test('it is asked for what was put there and is remembered no more', async () => {
  const { client, asked } = database()
  const state = new TableState(table, true)
  await add(state, client, ['a', 'b'])
  state.forget()
  await state.load(client, keys('a', 'c'))
  expect(asked).toEqual(['{"a"}'])
})

test('a table that may have had rows before is asked for all that is not known', async () => {
  const { client, asked } = database()
  const state = new TableState(table, false)
  await state.load(client, keys('a', 'b'))
  await state.load(client, keys('b', 'c'))
  expect(asked).toEqual(['{"a","b"}', '{"c"}'])
})

test('the key is wanted once: when rows are first to be found by it', async () => {
  const { client } = database()
  const state = new TableState(table, true)
  const change = async (): Promise<boolean> => {
    for (const entry of await state.load(client, keys('a')))
      state.set(entry, event, { ...entry.key, description: `${Math.random()}` })
    return state.take().needsKey
  }
  expect([await change(), await change(), await change()]).toEqual([false, true, false])
  state.forget()
  // To look for it made sure of the key.
  expect(await change()).toBe(false)
})

test('rows without a key cannot be asked for', async () => {
  const { client, asked } = database()
  const lines = tablesOf([ledger]).find(({ name }) => name === 'lines')!
  await expect(new TableState(lines, true).load(client, [{}])).rejects.toThrow(
    'statement.v3:lines has no key() column: its rows can only be inserted',
  )
  expect(asked).toEqual([])
})

test('no two rows have the same place in the log, in whatever order a handler names the events', () => {
  const lines = tablesOf([ledger]).find(({ name }) => name === 'lines')!
  const state = new TableState(lines, true)
  for (const position of [5n, 6n, 5n, 5n]) state.insert({ ...event, position }, [{ book: 'a' }])
  const places = state.take().inserts.map(({ created }) => `${created.position}.${created.ordinal}`)
  expect(places).toEqual(['5.0', '6.0', '5.1', '5.2'])
})

describe('what a batch tells of a row', () => {
  const at = (position: bigint): RecordedEvent => ({ ...event, position })
  const row = (description: string) => ({ book: 'a', description })
  /** What each batch of steps tells of the one row; null deletes it. */
  async function tell(...batches: readonly (readonly [bigint, string | null][])[]): Promise<unknown[]> {
    const { client } = database()
    const state = new TableState(table, true)
    const told: unknown[] = []
    for (const steps of batches) {
      const [entry] = await state.load(client, keys('a'))
      for (const [position, text] of steps) state.set(entry!, at(position), text === null ? null : row(text))
      const { changes } = changesOf(state.take().touched)
      told.push(changes.map(([, op, , created, , changed]) => `${op} ${created} ${changed}`))
    }
    return told
  }

  test('one that is gone names the event that deleted it', async () => {
    expect(await tell([[1n, 'made']], [[2n, 'changed']], [[3n, null]])).toEqual([['new 1 1'], ['set 1 2'], ['del 1 3']])
  })

  test('one that was deleted and made again is a new one, in one batch as in two', async () => {
    const again = [
      [2n, null],
      [3n, 'again'],
    ] as const
    expect(await tell([[1n, 'made']], [...again] as [bigint, string | null][])).toEqual([['new 1 1'], ['new 3 3']])
    expect(await tell([[1n, 'made']], [[2n, null]], [[3n, 'again']])).toEqual([['new 1 1'], ['del 1 2'], ['new 3 3']])
  })

  test('nothing of one that came and went within a batch', async () => {
    expect(
      await tell([
        [1n, 'made'],
        [2n, null],
      ]),
    ).toEqual([[]])
  })
})
