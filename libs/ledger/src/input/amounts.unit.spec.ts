import { openApi } from '#http-api'
import { faultNamesOf, faultsOf } from '#testing'
import { PostTransaction } from '../commands/post-transaction.js'
import { goodEntry, goodPosting, texts, withPosting } from '../fixtures/bodies.js'
import { ledger } from '../index.js'

interface Page {
  readonly components: {
    readonly schemas: { readonly CostDto: { readonly properties: { readonly amount: { readonly pattern: string } } } }
  }
}

describe('an amount', () => {
  test.each([
    ...['0', '-0', '12', '-12.50', '000.10'],
    '9'.repeat(64),
    `-${'9'.repeat(64)}`,
    `-0.${'9'.repeat(63)}`,
    '9'.repeat(128),
    `-${'9'.repeat(64)}.${'9'.repeat(64)}`,
  ])('may be %s', (amount) => {
    expect(faultNamesOf(PostTransaction, withPosting({ amount }))).toEqual([])
  })

  test.each([
    ...texts(
      '',
      '-',
      '.',
      '.5',
      '-.5',
      '5.',
      '+5',
      '--5',
      '1e5',
      '1E5',
      'NaN',
      'Infinity',
      '-Infinity',
      '0x10',
      '1_000',
    ),
    ...texts('1,5', '1.5.5', ' 5', '5 ', '5\n', '5\u0000', '\u0665', '\uff15', '\u22125', '5EUR', 'null'),
    ...texts('9'.repeat(129), `-${'9'.repeat(129)}`, `${'9'.repeat(65)}.${'9'.repeat(64)}`, '9'.repeat(100_000)),
  ])('may not be %s', (_, amount) => {
    expect(faultNamesOf(PostTransaction, withPosting({ amount }))).toEqual(['postings.0.amount isAmount'])
  })

  test.each([[12.5], [0], [true], [{}], [[]], [['5']]])('may not be the JSON value %j', (amount) => {
    expect(faultNamesOf(PostTransaction, withPosting({ amount }))).toContain('postings.0.amount isAmount')
  })

  test('may not be left out', () => {
    const { account, commodity } = goodPosting
    expect(faultNamesOf(PostTransaction, { ...goodEntry, postings: [goodPosting, { account, commodity }] })).toEqual([
      'postings.1.amount isAmount',
    ])
  })

  test('with too many digits is told how many are accepted', () => {
    const [fault] = faultsOf(PostTransaction, withPosting({ amount: '9'.repeat(129) }))
    expect(fault?.message).toBe('postings.0.amount must have at most 128 digits')
  })
})

describe('a cost', () => {
  const cost = { kind: 'unit', amount: '1.10', commodity: 'USD' }

  test.each(['1.10', '0', '-0', '-00.000', '-0.01', '-1', '--0', '-0.', '-', '', '1e5'])(
    'of %j is judged by the schema as it is by the rule',
    (amount) => {
      const page = openApi({ title: 'Ledger', domains: [ledger], part: 'commands' }) as unknown as Page
      const { pattern } = page.components.schemas.CostDto.properties.amount
      const isFine = faultNamesOf(PostTransaction, withPosting({ cost: { ...cost, amount } })).length === 0
      expect(new RegExp(pattern).test(amount)).toBe(isFine)
    },
  )

  test('is a unit or a total cost that is not negative', () => {
    for (const kind of ['unit', 'total'])
      for (const amount of ['1.10', '0', '-0', '-0.00'])
        expect(faultNamesOf(PostTransaction, withPosting({ cost: { ...cost, kind, amount } }))).toEqual([])
  })

  test.each([
    ['a negative amount', { ...cost, amount: '-0.01' }, 'postings.0.cost.amount isAmount'],
    ['an exponent', { ...cost, amount: '1e5' }, 'postings.0.cost.amount isAmount'],
    ['another kind', { ...cost, kind: 'each' }, 'postings.0.cost.kind isIn'],
    ['a commodity that is no text', { ...cost, commodity: 5 }, 'postings.0.cost.commodity isText'],
    ['a field more', { ...cost, currency: 'USD' }, 'postings.0.cost.currency unknown-field'],
    ['null', null, 'postings.0.cost null'],
    ['text', '1.10 USD', 'postings.0.cost isObject'],
    ['a list', [cost], 'postings.0.cost isObject'],
  ])('may not hold or be %s', (_, wrong, fault) => {
    expect(faultNamesOf(PostTransaction, withPosting({ cost: wrong }))).toContain(fault)
  })
})
