import { StreamNames } from './streams.js'

test.each(['b_', 'B', 'b', 'staging_', '.', 'b-.', `${'b'.repeat(64)}.`])('%j is no prefix', (prefix) => {
  expect(() => new StreamNames(prefix)).toThrow('EVENT_STORE_PREFIX')
})

test.each(['', 'b.', 'B.', 'b.c.', 'staging.', 'bb.'])(
  'with the prefix %j a log sees its own streams only',
  (prefix) => {
    const streams = new StreamNames(prefix)
    for (const other of ['', 'b.', 'B.', 'b.c.', 'staging.', 'bb.'])
      expect(streams.ours(new StreamNames(other).onServer('book-main'))).toBe(
        other === prefix ? 'book-main' : undefined,
      )
  },
)
