import { parse } from 'lossless-json'
import { type Conversion, convertTransaction, type TransactionContent } from './convert-transaction.js'
import { readTransaction } from './read-transaction.js'

const number = (mantissa: string, places = 0): string =>
  `{"decimalMantissa": ${mantissa}, "decimalPlaces": ${places}, "floatingPoint": 0}`
const cost = (tag: string, mantissa: string, places = 0): string =>
  `{"tag": "${tag}", "contents": {"acommodity": "EUR", "aprice": null, "aquantity": ${number(mantissa, places)}}}`
const amount = (quantity: string, commodity: string, price = 'null'): string =>
  `{"acommodity": ${JSON.stringify(commodity)}, "aprice": ${price}, "aquantity": ${quantity}}`
const posting = (account: string, amounts: string[], type = 'RegularPosting'): string =>
  `{"paccount": ${JSON.stringify(account)}, "pamount": [${amounts.join()}], "ptype": "${type}"}`

function convert(postings: string[], more: { comment?: string; tags?: [string, string][] } = {}): Conversion {
  const text = `{"tdate": "2026-11-23", "tdescription": "Übung 💶", "tcode": "", "ttags": ${JSON.stringify(more.tags ?? [])},
    "tcomment": ${JSON.stringify(more.comment ?? '')}, "tpostings": [${postings.join()}]}`
  return convertTransaction(readTransaction(parse(text)))
}

function contentOf(conversion: Conversion): TransactionContent {
  if (conversion.kind === 'refused') throw new Error(conversion.reason)
  return conversion.content
}

const told = (conversion: Conversion): string[] =>
  contentOf(conversion).postings.map(({ account, amount, commodity, cost }) =>
    [account, amount, commodity, ...(cost ? [cost.kind, cost.amount, cost.commodity] : [])].join(' '),
  )

test('mantissas beyond 2^53 are exact, however JSON writes them', () => {
  const digits = '123456789012345678901234567890'
  const postings = [posting('a', [amount(number(digits, 10), 'X')]), posting('b', [amount(number('-3.94e20', 2), 'Y')])]
  expect(told(convert(postings))).toEqual(['a 12345678901234567890.1234567890 X', 'b -3940000000000000000.00 Y'])
})

test('several amounts in one posting become several postings; none is no posting', () => {
  const both = [amount(number('10'), 'EUR'), amount(number('-5'), '')]
  expect(told(convert([posting('кошелёк:現金', both), posting('b', [])]))).toEqual([
    'кошелёк:現金 10 EUR',
    'кошелёк:現金 -5 ',
  ])
})

test('a total cost that carries its posting’s sign loses it', () => {
  const postings = [
    posting('a', [amount(number('-10'), 'AAPL', cost('TotalPrice', '-3050', 2))]),
    posting('b', [amount(number('3050', 2), 'EUR')]),
  ]
  expect(told(convert(postings))).toEqual(['a -10 AAPL total 30.50 EUR', 'b 30.50 EUR'])
})

test('an older hledger’s positive total cost on a sale means the same', () => {
  const postings = [
    posting('a', [amount(number('-10'), 'AAPL', cost('TotalPrice', '30'))]),
    posting('b', [amount(number('30'), 'EUR')]),
  ]
  expect(told(convert(postings))).toEqual(['a -10 AAPL total 30 EUR', 'b 30 EUR'])
})

test.each(['UnitPrice', 'UnitCost'])('a negative %s is said without a negative cost', (tag) => {
  const postings = [
    posting('a', [amount(number('10'), 'AAPL', cost(tag, '-3'))]),
    posting('b', [amount(number('30'), 'EUR')]),
  ]
  expect(told(convert(postings))).toEqual(['a 20 AAPL unit 0 EUR', 'a -10 AAPL unit 3 EUR', 'b 30 EUR'])
})

test('an unbalanced virtual posting is refused with the reason, a balanced one is posted', () => {
  const pair = (type: string): string[] => [
    posting('budget', [amount(number('1'), 'EUR')], type),
    posting('cash', [amount(number('-1'), 'EUR')], type),
  ]
  expect(convert(pair('VirtualPosting'))).toEqual({
    kind: 'refused',
    reason: expect.stringMatching(/posting 1 \(budget\) is an unbalanced virtual posting/) as string,
  })
  expect(told(convert(pair('BalancedVirtualPosting')))).toEqual(['budget 1 EUR', 'cash -1 EUR'])
})

test('a lone zero is said twice, a lone amount is refused', () => {
  expect(told(convert([posting('a', [amount(number('0', 2), 'EUR')])]))).toEqual(['a 0.00 EUR', 'a 0.00 EUR'])
  expect(convert([posting('a', [amount(number('1'), 'EUR')])])).toMatchObject({ kind: 'refused' })
})

test('newlines in a comment stay, empty texts are left out, a tag written twice keeps both values', () => {
  const postings = [posting('a', [amount(number('0'), '')]), posting('b', [amount(number('0'), '')])]
  const tags: [string, string][] = [
    ['with', 'Ann'],
    ['with', 'Bo'],
    ['__proto__', 'x'],
  ]
  const content = contentOf(convert(postings, { comment: 'one\ntwo\n', tags }))
  expect(content).toMatchObject({ date: '2026-11-23', description: 'Übung 💶', comment: 'one\ntwo\n' })
  expect(content).not.toHaveProperty('code')
  expect(Object.entries(content.tags ?? {})).toEqual([
    ['with', 'Ann, Bo'],
    ['__proto__', 'x'],
  ])
})

test('a value of another shape is named by its path', () => {
  expect(() => convert([posting('a', [amount('{"decimalMantissa": "1", "decimalPlaces": 0}', 'EUR')])])).toThrow(
    'tpostings[0].pamount[0].aquantity.decimalMantissa must be a number, and is the string "1"',
  )
  expect(() => convert([posting('a', [amount(number('1.5'), 'EUR')])])).toThrow(/aquantity must be a decimal/)
})
