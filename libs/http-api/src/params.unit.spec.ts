import { checkParam } from './params.js'

test.each(['assets:cash', 'ä \u{1f600}', '\ufffd', 'x'.repeat(512)])('%j is a name that a path may have', (name) => {
  expect(checkParam('account', name)).toBe(name)
})

test.each([
  ['', 'length'],
  ['x'.repeat(513), 'length'],
  ['\ud800', 'unicode'],
  ['a\u0000', 'control'],
  ['a\u0085', 'control'],
])('%j is none: %s', (name, rule) => {
  expect(() => checkParam('account', name)).toThrow(
    expect.objectContaining({ code: 'invalid-parameter', errors: [expect.objectContaining({ rule })] }) as Error,
  )
})
