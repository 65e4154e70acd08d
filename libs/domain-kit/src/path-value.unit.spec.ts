import { bigint, boolean, integer, json, numeric, text } from './columns.js'
import { pathFault } from './path-value.js'

const LARGE = '9223372036854775807'

test.each([
  [integer(), ['0', '5', '-5', '2147483647', '-2147483648']],
  [bigint(), ['0', '-1', LARGE, '-9223372036854775808']],
  [numeric(), ['0', '1.50', '-0.5', '9'.repeat(40)]],
  [boolean(), ['true', 'false']],
  [text(), ['05', '+5', 'abc']],
  [json(null), ['05', 'null']],
])('in a path a value of $type is one of %j', (column, given) => {
  expect(given.filter((each) => pathFault(column, each) !== undefined)).toEqual([])
})

test.each([
  [integer(), ['', '05', '+5', '-0', '5.0', '5e0', ' 5', 'abc', '2147483648', '-2147483649', LARGE]],
  [bigint(), ['', '05', '+5', '-0', '9223372036854775808', '9'.repeat(40)]],
  [numeric(), ['', '05', '+5', '.5', '5.', '1e3', 'NaN', 'Infinity']],
  [boolean(), ['t', 'TRUE', '1']],
])('in a path no value of $type is one of %j', (column, given) => {
  expect(given.filter((each) => pathFault(column, each) === undefined)).toEqual([])
})
