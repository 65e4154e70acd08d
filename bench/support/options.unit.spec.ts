import { optionsFrom, UsageError } from './options.js'

const known = { seconds: 'number', short: 'switch' } as const

test('says what it was told, and what not', () => {
  expect(optionsFrom(['--short', '--seconds', '5'], known)).toEqual({ seconds: 5, short: true })
  expect(optionsFrom([], known)).toEqual({ seconds: undefined, short: false })
})

test.each([['--shrot'], ['short'], ['--seconds=5'], ['--toString'], ['']])(
  'does not know %p, and says what it knows',
  (arg) => {
    const parse = (): unknown => optionsFrom(['--short', arg], known)
    expect(parse).toThrow(UsageError)
    expect(parse).toThrow(`unknown option "${arg}": it takes --seconds N, --short`)
  },
)

test.each([['0'], ['-1'], ['1.5'], ['1e3'], ['many'], ['--short'], ['']])('%p is no number of seconds', (text) => {
  expect(() => optionsFrom(['--seconds', text], known)).toThrow(
    `--seconds takes a whole number, at least 1, not "${text}"`,
  )
})

test('a number that is missing is named', () => {
  expect(() => optionsFrom(['--seconds'], known)).toThrow('--seconds takes a whole number, at least 1, not nothing')
})
