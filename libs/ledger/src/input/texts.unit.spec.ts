import { faultNamesOf, faultsOf } from '#testing'
import { CaptureHold } from '../commands/capture-hold.js'
import { OpenAccount } from '../commands/open-account.js'
import { OpenBook } from '../commands/open-book.js'
import { PlaceHold } from '../commands/place-hold.js'
import { PostTransaction } from '../commands/post-transaction.js'
import { ReverseTransaction } from '../commands/reverse-transaction.js'
import { TrialBalanceParams } from '../reports/trial-balance.js'
import { goodEntry, texts, withPosting } from '../fixtures/bodies.js'

const HIGH = '\ud83c'
const LOW = '\udf89'

describe('a name', () => {
  const takes = (account: string): string[] => faultNamesOf(OpenAccount, { account })

  test.each(
    texts(
      ...[
        'a',
        'assets:cash',
        'a b',
        ':',
        '::',
        '%2F/../?#',
        '"quoted", \'too\'',
        '資産:現金',
        'أصول',
        '\u2028',
        '\ufeff',
      ],
      ...[
        'cafe\u0301',
        'caf\u00e9',
        HIGH + LOW,
        '\ufffd',
        '\ufffe',
        '__proto__',
        'x'.repeat(255),
        '\u{1f389}'.repeat(255),
      ],
    ),
  )('of an account may be %s', (_, account) => {
    expect(takes(account)).toEqual([])
  })

  test.each(
    texts(
      ...[
        '',
        'x'.repeat(256),
        '\u{1f389}'.repeat(256),
        'a\nb',
        'a\tb',
        'a\r',
        '\u0000',
        '\u001f',
        '\u007f',
        '\u0080',
        '\u009f',
      ],
      ...[HIGH, LOW, `a${HIGH}`, `${LOW}a`, LOW + HIGH, `${HIGH}a${LOW}`],
    ),
  )('of an account may not be %s', (_, account) => {
    expect(takes(account)).toEqual(['account isText'])
  })

  test('says which rule it breaks', () => {
    const message = (account: unknown): string | undefined => faultsOf(OpenAccount, { account })[0]?.message
    expect(message('')).toBe('account must be 1 to 255 characters long, not 0')
    expect(message('a\tb')).toBe('account must not hold control characters')
    expect(message(LOW)).toBe('account must be well-formed Unicode (it holds a lone surrogate)')
    expect(message(5)).toBe('account must be a string')
    expect(message('\u{1f389}'.repeat(256))).toBe('account must be 1 to 255 characters long, not 256')
  })

  test('of a commodity may be empty, and 64 characters long', () => {
    const takesCommodity = (commodity: string): string[] => faultNamesOf(PostTransaction, withPosting({ commodity }))
    for (const commodity of ['', '€', 'ACME Inc.', '\u{1f389}'.repeat(64)])
      expect(takesCommodity(commodity)).toEqual([])
    for (const commodity of ['x'.repeat(65), 'a\n', HIGH])
      expect(takesCommodity(commodity)).toEqual(['postings.0.commodity isText'])
  })

  test('of a transaction or hold is 1 to 128 characters long', () => {
    for (const id of ['1', 'é', 'x'.repeat(128)]) {
      expect(faultNamesOf(PostTransaction, { ...goodEntry, id })).toEqual([])
      expect(faultNamesOf(CaptureHold, { hold: id, id })).toEqual([])
    }
    for (const id of ['', 'x'.repeat(129), 'a\n', LOW]) {
      expect(faultNamesOf(PlaceHold, { ...goodEntry, id })).toEqual(['id isText'])
      expect(faultNamesOf(ReverseTransaction, { transaction: id, id: 'r', date: '2026-11-23' })).toEqual([
        'transaction isText',
      ])
    }
  })

  test.each(['a', 'A', '0', 'main', 'a-b_c.d', 'x'.repeat(64)])('of a book may be %s', (book) => {
    expect(faultNamesOf(OpenBook, { book })).toEqual([])
    expect(faultNamesOf(TrialBalanceParams, { book })).toEqual([])
  })

  test.each(texts('', '-a', '.a', '_a', 'a b', 'é', 'a/b', 'main\n', 'x'.repeat(65)))(
    'of a book may not be %s',
    (_, book) => {
      expect(faultNamesOf(OpenBook, { book })).toEqual(['book matches'])
      expect(faultNamesOf(TrialBalanceParams, { book })).toEqual(['book matches'])
    },
  )
})

describe('a description or comment', () => {
  test.each(['description', 'comment'])('(%s) holds 4,000 characters, newlines and tabs', (name) => {
    for (const text of ['', 'a\n\tb', 'x'.repeat(4_000), '\u{1f389}'.repeat(4_000)])
      expect(faultNamesOf(PostTransaction, { ...goodEntry, [name]: text })).toEqual([])
    for (const text of ['x'.repeat(4_001), 'a\rb', 'a\u0000', '\u001b[2J', HIGH, 5])
      expect(faultNamesOf(PostTransaction, { ...goodEntry, [name]: text })).toEqual([`${name} isLines`])
  })

  test('of a book as well', () => {
    expect(faultNamesOf(OpenBook, { book: 'a', description: 'x'.repeat(4_000) })).toEqual([])
    expect(faultNamesOf(OpenBook, { book: 'a', description: 'x'.repeat(4_001) })).toEqual(['description isLines'])
  })

  test('is not a code, which is one line of at most 255 characters', () => {
    expect(faultNamesOf(PostTransaction, { ...goodEntry, code: 'x'.repeat(255) })).toEqual([])
    for (const code of ['x'.repeat(256), 'a\nb'])
      expect(faultNamesOf(PostTransaction, { ...goodEntry, code })).toEqual(['code isText'])
  })
})

describe('tags', () => {
  const takes = (tags: unknown): string[] => faultNamesOf(PostTransaction, { ...goodEntry, tags })

  test('are names with texts', () => {
    expect(takes({})).toEqual([])
    expect(takes({ trip: 'Oslo', empty: '', lines: 'a\n\tb' })).toEqual([])
    expect(takes({ ['x'.repeat(128)]: 'x'.repeat(4_000) })).toEqual([])
    expect(takes(Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`tag${at}`, ''])))).toEqual([])
  })

  test.each([
    ['a number', { a: 5 }],
    ['an object', { a: { b: 'c' } }],
    ['a list', { a: ['b'] }],
    ['a name that is empty', { '': 'x' }],
    ['a name that is too long', { ['x'.repeat(129)]: 'x' }],
    ['a name of two lines', { 'a\nb': 'x' }],
    ['a text that is too long', { a: 'x'.repeat(4_001) }],
    ['a lone surrogate', { a: HIGH }],
    ['65 of them', Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`tag${at}`, '']))],
  ])('may not hold %s', (_, tags) => {
    expect(takes(tags)).toEqual(['tags isTags'])
  })

  test('may not be a text or a list', () => {
    expect(takes('a: b')).toEqual(['tags isTags'])
    expect(takes([['a', 'b']])).not.toEqual([])
  })

  test.each(['__proto__', 'constructor', 'toString'])('named %s are checked like any other', (name) => {
    const tags = (value: string): unknown => JSON.parse(`{"${name}":${value}}`)
    expect(takes(tags('"text"'))).toEqual([])
    expect(takes(tags('5'))).toEqual(['tags isTags'])
    expect(takes(tags('{"a":"b"}'))).toEqual(['tags isTags'])
  })
})
