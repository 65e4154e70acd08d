import { ledger } from '#ledger'
import { type StoredRow, tablesOf } from '#read-models'
import { checkLog, type LogEvent } from '#testing'
import { type BookHistory, type ReadAnswer, type ToldItems, type ToldState } from '../load/history.js'
import { Applied } from './applied.js'
import { judgeAnswers } from './judge-answers.js'
import { judgeItems, PAGE } from './judge-items.js'
import { judgeRows } from './judge-rows.js'
import { judgeStates } from './judge-states.js'
import { namedLog, operationsOf } from './log-operations.js'
import { type ReadCounts, ReadFindings } from './read-findings.js'

const NOTHING: ReadCounts = {
  stale_answers: 0,
  missed: 0,
  doubled: 0,
  out_of_order: 0,
  unequal_rows: 0,
  unexpected_exits: 0,
}
/** Transactions 0, 1, 2, 3 and 4 at positions 10, 20, 30, 40 and 50. */
const applied = new Applied([10n, 20n, 30n, 40n, 50n].map((position) => ({ position })))

function found(judge: (findings: ReadFindings) => void): ReadCounts {
  const findings = new ReadFindings()
  judge(findings)
  return findings.counts
}

test('what is applied at a position is counted to the last transaction at or before it', () => {
  expect([0n, 9n, 10n, 19n, 49n, 50n, 99n].map((position) => applied.at(position))).toEqual([0, 0, 1, 1, 4, 5, 5])
  expect(applied.total).toBe(5)
})

describe('an answer', () => {
  const place = { position: 35n, header: 35n, source: 'cache' } as const
  const sound: ReadAnswer = { query: 'book', token: 20n, acked: 2, count: 3, ...place }
  const judged = (...answers: readonly ReadAnswer[]): ReadCounts =>
    found((findings) => judgeAnswers('b', answers, applied, findings))

  test('that is fresher than asked for is sound', () => {
    expect(judged(sound, { ...sound, position: 20n, header: 20n, count: 2 })).toEqual(NOTHING)
  })

  test('to who has no token may be old, and is right at its position', () => {
    const old = { ...sound, token: 0n, acked: 0, position: 10n, header: 10n, count: 1 }
    expect(judged(old)).toEqual(NOTHING)
    expect(judged({ ...old, count: 0 }, { ...old, count: 2 })).toEqual({ ...NOTHING, stale_answers: 2 })
  })

  test.each<[string, Partial<ReadAnswer>]>([
    ['is older than its token', { position: 19n, header: 19n, count: 1 }],
    ['has another position in its header', { header: 36n }],
    ['leaves out what had been acknowledged', { acked: 4 }],
    ['shows less than its position has', { count: 2 }],
    ['shows more than its position has', { count: 4 }],
    ['makes no sense', { count: NaN }],
  ])('that %s is stale', (_, planted) => {
    expect(judged(sound, { ...sound, ...planted })).toEqual({ ...NOTHING, stale_answers: 1 })
  })
})

describe('a watch of a list', () => {
  const page = (position: bigint, ...ids: readonly number[]): ToldItems => ({ kind: 'snapshot', position, ids })
  const change = (position: bigint, ...ids: readonly number[]): ToldItems => ({ kind: 'change', position, ids })
  const reset = (position: bigint, ...ids: readonly number[]): ToldItems => ({
    ...page(position, ...ids),
    kind: 'reset',
  })
  const judged = (...told: readonly ToldItems[]): ReadCounts =>
    found((findings) => judgeItems('b', told, applied, findings))

  test.each<[string, readonly ToldItems[]]>([
    ['each item once, in order', [page(10n, 0), change(20n, 1), change(30n, 2), change(40n, 3), change(50n, 4)]],
    ['an empty page first', [page(5n), ...[10n, 20n, 30n, 40n, 50n].map((at, id) => change(at, id))]],
    ['a reset that shows again what was told', [page(10n, 0), change(20n, 1), reset(45n, 0, 1, 2, 3), change(50n, 4)]],
  ])('is sound: %s', (_, told) => expect(judged(...told)).toEqual(NOTHING))

  test.each<[string, Partial<ReadCounts>, readonly ToldItems[]]>([
    ['a change never comes', { missed: 1 }, [page(20n, 0, 1), change(30n, 2), change(50n, 4)]],
    ['the last never comes', { missed: 1 }, [page(30n, 0, 1, 2), change(40n, 3)]],
    ['a hole before a reset', { missed: 1 }, [page(10n, 0), change(30n, 2), reset(50n, 0, 1, 2, 3, 4)]],
    ['a page leaves one out', { missed: 1 }, [page(50n, 0, 1, 3, 4)]],
    ['nothing is told at all', { missed: 5 }, []],
    ['a change comes again', { doubled: 1 }, [page(30n, 0, 1, 2), change(40n, 3), change(50n, 3, 4)]],
    ['what a page showed comes again', { doubled: 1 }, [page(40n, 0, 1, 2, 3), change(50n, 3, 4)]],
    ['a page shows one twice', { doubled: 1 }, [page(50n, 0, 1, 2, 3, 3, 4)]],
    ['two change places', { out_of_order: 1 }, [page(30n, 0, 1, 2), change(50n, 4, 3)]],
    ['positions go back', { out_of_order: 1 }, [page(30n, 0, 1, 2), change(50n, 3), change(40n, 4)]],
    ['a reset goes back', { out_of_order: 1 }, [page(50n, 0, 1, 2, 3, 4), reset(40n, 0, 1, 2, 3), change(50n, 4)]],
    [
      'a page shows more than its position has, which then comes again',
      { stale_answers: 1, doubled: 1 },
      [page(30n, 0, 1, 2, 3), change(40n, 3), change(50n, 4)],
    ],
  ])('is not when %s', (_, planted, told) => expect(judged(...told)).toEqual({ ...NOTHING, ...planted }))

  test('a page need not show more than it has room for', () => {
    const many = new Applied(Array.from({ length: PAGE + 10 }, (_, id) => ({ position: BigInt(id) })))
    const newest = Array.from({ length: PAGE }, (_, at) => at + 10)
    const judgePage = (ids: readonly number[]): ReadCounts =>
      found((findings) => judgeItems('b', [page(99n, ...ids)], many, findings))
    expect(judgePage(newest)).toEqual(NOTHING)
    expect(judgePage(newest.slice(1))).toEqual({ ...NOTHING, missed: 1 })
  })
})

describe('a watch of a document', () => {
  const state = (position: bigint, count: number, kind: ToldState['kind'] = 'change'): ToldState => ({
    kind,
    position,
    count,
  })
  const first = state(10n, 1, 'snapshot')
  const judged = (...told: readonly ToldState[]): ReadCounts =>
    found((findings) => judgeStates('b', told, applied, findings))

  test('may leave states out, and be reset to the same', () => {
    expect(judged(first, state(30n, 3), state(30n, 3, 'reset'), state(50n, 5))).toEqual(NOTHING)
  })

  test.each<[string, Partial<ReadCounts>, readonly ToldState[]]>([
    ['the last state never comes', { missed: 1 }, [first, state(40n, 4)]],
    ['a state comes again', { doubled: 1 }, [first, state(50n, 5), state(50n, 5)]],
    ['a state is older than its position', { stale_answers: 1 }, [first, state(30n, 2), state(50n, 5)]],
    ['it goes back', { out_of_order: 1, missed: 1 }, [first, state(50n, 5), state(40n, 4)]],
    ['it is gone', { stale_answers: 1, missed: 1 }, [first, state(50n, NaN)]],
  ])('is not sound when %s', (_, planted, told) => expect(judged(...told)).toEqual({ ...NOTHING, ...planted }))
})

describe('the rows of a table', () => {
  const tables = tablesOf([ledger])
  const accounts = tables.find(({ id }) => id === 'accounts.v1:accounts')!
  const totals = tables.find(({ name }) => name === 'totals')!
  const row = (account: string, changed = 9n): StoredRow => ({
    row: { book: 'b', account, is_open: true, lowest_balance: [], balances: [{ commodity: 'EUR', amount: '1' }] },
    created: { position: 2n, ordinal: 0 },
    changed,
  })
  const folded = [row('a'), row('b')]
  const judged = (stored: readonly StoredRow[], table = accounts): ReadCounts =>
    found((findings) => judgeRows('replica', table, { stored, folded }, findings))

  test('are the fold in any order', () => expect(judged([row('b'), row('a')])).toEqual(NOTHING))

  test.each<[string, readonly StoredRow[]]>([
    ['is missing', [row('a')]],
    ['is too many', [...folded, row('c')]],
    ['has another value', [row('a'), { ...row('b'), row: { ...row('b').row, is_open: false } }]],
    ['was changed elsewhere', [row('a'), row('b', 8n)]],
  ])('are not when one %s', (_, stored) => expect(judged(stored)).toEqual({ ...NOTHING, unequal_rows: 1 }))

  test('that nobody watches are compared without their place', () => {
    const of = (changed: bigint): StoredRow => ({
      ...row('a', changed),
      row: { book: 'b', account: 'a', commodity: 'EUR' },
    })
    const rows = { stored: [of(8n)], folded: [of(9n)] }
    expect(found((findings) => judgeRows('primary', totals, rows, findings))).toEqual(NOTHING)
  })
})

describe('the log', () => {
  const event = (position: bigint, stream: string, type: string, data: object): LogEvent => ({
    ...{ id: `uuid-${position}`, type, version: 1, stream, aggregate: 'book', aggregateId: stream.slice(5), data },
    ...{ position, time: '2026-11-23T00:00:00.000Z', metadata: {} },
    revision: stream === 'book-b' ? position - 2n : position - 1n,
  })
  const other = event(1n, 'book-demo', 'BookOpened', {})
  const opened = event(2n, 'book-b', 'BookOpened', {})
  const posted = (position: bigint, id: number): LogEvent =>
    event(position, 'book-b', 'TransactionPosted', { id: String(id) })
  const times = { invoked_ms: 1, acked_ms: 2 }
  const history: BookHistory = {
    book: 'b',
    opening: [
      {
        client: 'b',
        command: { stream: 'book-b', key: 'BookOpened' },
        writes: [{ stream: 'book-b', ids: ['book-b BookOpened'] }],
        invoked_ms: 0,
        result: { kind: 'acknowledged', acked_ms: 1, place: { stream: 'book-b', revision: 0n, position: 2n } },
      },
    ],
    acks: [
      { id: 0, revision: 1n, position: 3n, ...times },
      { id: 1, revision: 2n, position: 4n, ...times },
    ],
  }
  const checked = (...log: readonly LogEvent[]) =>
    checkLog({ operations: operationsOf(log, [history]), log: namedLog(log, [history]), gapFree: true }).counts

  test('holds what clients over HTTP were told, beside what others wrote', () => {
    expect(checked(other, opened, posted(3n, 0), posted(4n, 1))).toMatchObject({ acked: 3, lost: 0, phantoms: 0 })
  })

  test('a transaction that is lost, or there twice, is found by what it is', () => {
    expect(checked(other, opened, posted(3n, 0))).toMatchObject({ lost: 1, duplicated: 0 })
    expect(checked(other, opened, posted(3n, 0), posted(4n, 1), posted(5n, 1))).toMatchObject({ duplicated: 1 })
    expect(checked(other, opened, posted(3n, 1), posted(4n, 0))).toMatchObject({ misordered: 2 })
    expect(checked(other, opened, posted(3n, 0), posted(4n, 1), posted(5n, 2))).toMatchObject({ phantoms: 1 })
  })
})
