import fc from 'fast-check'
import { imbalances } from './balancing.js'
import { type Cost, type Posting } from './events.js'
import { each, inAll, posting } from '../fixtures/book-events.js'

const messages = (...postings: readonly Posting[]): string[] => imbalances(postings).map(({ message }) => message)

describe('a transaction balances', () => {
  test.each<[string, Posting[]]>([
    ['when its amounts cancel out', [posting('a', '-12.50'), posting('b', '12.50')]],
    ['however many digits they are written with', [posting('a', '-12.5'), posting('b', '12.5000')]],
    ['with 128 digits as with two', [posting('a', `-${'9'.repeat(128)}`), posting('b', '9'.repeat(128))]],
    ['when each commodity does', [1, -1].flatMap((n) => [posting('a', `${n}`, 'EUR'), posting('b', `${n}`, 'USD')])],
    ['when what was bought cost what was paid', [posting('a', '10', 'ACME', each('2.5')), posting('b', '-25', 'USD')]],
    ['when what was sold cost what came in', [posting('a', '-10', 'ACME', each('2.5')), posting('b', '25', 'USD')]],
    ['at a total cost', [posting('a', '10', 'ACME', inAll('25')), posting('b', '-25', 'USD')]],
    [
      'at a total cost that takes the sign of its posting',
      [posting('a', '-10', 'A', inAll('25')), posting('b', '25', 'USD')],
    ],
    [
      'at a total cost for nothing, which counts as +',
      [posting('a', '0', 'A', inAll('25')), posting('b', '-25', 'USD')],
    ],
    [
      'at a total cost for minus nothing, still +',
      [posting('a', '-0.0', 'A', inAll('25')), posting('b', '-25', 'USD')],
    ],
    [
      'when costs of one commodity cancel out',
      [posting('a', '1', 'A', inAll('7.01')), posting('b', '-1', 'B', inAll('7.01'))],
    ],
    ['when the commodity has no name', [posting('a', '3', ''), posting('b', '-3', '')]],
  ])('%s', (_, postings) => {
    expect(imbalances(postings)).toEqual([])
  })
})

describe('a transaction does not balance', () => {
  test('when a commodity is off by a unit of its last place, and it is told by how much', () => {
    expect(imbalances([posting('a', '-12.50'), posting('b', '12.51')])).toEqual([
      { field: 'postings', rule: 'balanced', message: '"EUR" sums to 0.01; at most 0.005 is tolerated' },
    ])
  })

  test('when amounts of different commodities look alike', () => {
    expect(messages(posting('a', '-5', 'EUR'), posting('b', '5', 'USD'))).toEqual([
      '"EUR" sums to -5; at most 0.5 is tolerated',
      '"USD" sums to 5; at most 0.5 is tolerated',
    ])
  })

  test('when only names that look alike are used: they are never normalized', () => {
    expect(imbalances([posting('a', '-5', '\u00e9'), posting('b', '5', 'e\u0301')])).toHaveLength(2)
    expect(imbalances([posting('a', '-5', 'eur'), posting('b', '5', 'EUR')])).toHaveLength(2)
  })

  test('when what was sold at a cost is counted as if it had been bought', () => {
    const sold = posting('a', '-10', 'ACME', inAll('25'))
    expect(messages(sold, posting('b', '-25', 'USD'))).toEqual(['"USD" sums to -50; at most 0.5 is tolerated'])
  })

  test('when the commodity has no name, which the message says in words', () => {
    expect(messages(posting('a', '3', ''), posting('b', '-4', ''))).toEqual([
      'amounts without a commodity sums to -1; at most 0.5 is tolerated',
    ])
  })
})

describe('the tolerance is half a unit of the last place', () => {
  const bought = (price: string, paid: string): string[] =>
    messages(posting('a', '1', 'ACME', each(price)), posting('b', paid, 'USD'))

  test('with which the commodity itself is written', () => {
    expect(bought('9.995', '-10.00')).toEqual([])
    expect(bought('10.005', '-10.00')).toEqual([])
    expect(bought('9.994', '-10.00')).toEqual(['"USD" sums to -0.006; at most 0.005 is tolerated'])
    expect(bought('10.0051', '-10.00')).toEqual(['"USD" sums to 0.0051; at most 0.005 is tolerated'])
  })

  test('and the places of a cost do not count', () => {
    expect(bought('9.5000', '-10')).toEqual([])
    expect(bought('9.4999', '-10')).toEqual(['"USD" sums to -0.5001; at most 0.5 is tolerated'])
  })

  test('and the most exact of its postings counts, even one of zero', () => {
    expect(
      messages(posting('a', '1', 'A', each('9.6')), posting('b', '-10', 'USD'), posting('c', '0.00', 'USD')),
    ).toEqual(['"USD" sums to -0.40; at most 0.005 is tolerated'])
  })

  test('and a posting with a cost writes its own commodity as well', () => {
    const postings = [
      posting('a', '1.000', 'EUR', inAll('1.20')),
      posting('b', '-1.20', 'USD'),
      posting('c', '0.01', 'EUR'),
    ]
    expect(messages(...postings)).toEqual(['"EUR" sums to 0.01; at most 0.0005 is tolerated'])
  })

  test('and there is none for a commodity that is written in costs only', () => {
    expect(messages(posting('a', '1', 'A', inAll('7.01')), posting('b', '-1', 'B', inAll('7')))).toEqual([
      '"USD" sums to 0.01; exactly zero is needed: it is written in costs only',
    ])
  })
})

/** The rule once more, on integers: everything times 10^12. */
const SCALE = 12
function fixed(amount: string): bigint {
  const [whole = '', fraction = ''] = amount.split('.')
  return BigInt(whole + fraction.padEnd(SCALE, '0'))
}
const UNIT = 10n ** BigInt(SCALE)
const size = (value: bigint): bigint => (value < 0n ? -value : value)

function balances(postings: readonly Posting[]): boolean {
  const commodities = new Set(postings.flatMap(({ commodity, cost }) => [commodity, cost?.commodity ?? commodity]))
  return [...commodities].every((commodity) => {
    const sum = postings
      .map((it) => {
        const value = fixed(it.amount)
        if ((it.cost ?? it).commodity !== commodity) return 0n
        if (!it.cost) return value
        const price = fixed(it.cost.amount)
        return it.cost.kind === 'unit' ? (value * price) / UNIT : value < 0n ? -price : price
      })
      .reduce((a, b) => a + b, 0n)
    const written = postings.filter((it) => it.commodity === commodity)
    const places = Math.max(...written.map(({ amount }) => amount.split('.')[1]?.length ?? 0))
    return written.length === 0 ? sum === 0n : 2n * size(sum) * 10n ** BigInt(places) <= UNIT
  })
}

const amounts = fc.tuple(fc.integer({ min: -300, max: 300 }), fc.integer({ min: 0, max: 3 })).map(([units, places]) => {
  const digits = Math.abs(units)
    .toString()
    .padStart(places + 1, '0')
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
  return units < 0 ? `-${text}` : text
})
const commodities = fc.constantFrom('', 'EUR', 'USD')
const costs: fc.Arbitrary<Cost> = fc.record({
  kind: fc.constantFrom('unit' as const, 'total' as const),
  amount: amounts.map((amount) => amount.replace('-', '')),
  commodity: commodities,
})
const randomPostings: fc.Arbitrary<Posting[]> = fc.array(
  fc
    .record({ account: fc.constant('a'), amount: amounts, commodity: commodities, cost: fc.option(costs) })
    .map(({ cost, ...rest }): Posting => (cost ? { ...rest, cost } : rest)),
  { minLength: 1, maxLength: 5 },
)

/** Random postings hardly ever balance: these are completed to nearly zero. */
const nearlyBalanced = fc.tuple(randomPostings, amounts, fc.boolean()).map(([postings, noise, isNear]) => {
  if (!isNear) return postings
  const sums = imbalances(postings).map(({ message }) => /^(?:"(\w*)"|amounts \D*) sums to ([-.\d]+)/.exec(message))
  return [
    ...postings,
    ...sums.map((match) => posting('rest', `${-Number(match?.[2])}`, match?.[1] ?? '')),
    posting('noise', noise.replace(/\d(?=.)/g, '0'), 'EUR'),
  ]
})

test('balancing agrees with the rule computed on integers', () => {
  let balanced = 0
  fc.assert(
    fc.property(nearlyBalanced, (postings) => {
      const expected = balances(postings)
      balanced += expected ? 1 : 0
      expect(imbalances(postings).length === 0).toBe(expected)
    }),
    { numRuns: 1_000, seed: 23 },
  )
  expect(balanced).toBeGreaterThan(50)
})

test('the order of postings does not matter', () => {
  fc.assert(
    fc.property(nearlyBalanced, (postings) => {
      const byName = (them: readonly Posting[]): string[] => messages(...them).sort()
      expect(byName(postings.toReversed())).toEqual(byName(postings))
    }),
  )
})
