import fc from 'fast-check'
import { CommittedBatch, rowOf, withCommand } from './rows.js'

const text = fc.string({ unit: 'grapheme', minLength: 1 })
const awkward = fc.constantFrom('a\\b', '\t', 'a\nb', '\r', '\\t', '\\\\', '\\N', '☕\u2028')

test('an event that was written as a row is read back as it was', () => {
  const value = fc.oneof(text, awkward)
  fc.assert(
    fc.property(value, value, fc.dictionary(value, value), fc.dictionary(value, value), (id, type, data, metadata) => {
      const stream = `thing-${id}`
      const event = { id: 'e', type, version: 3, data: JSON.stringify(data), metadata: JSON.stringify(metadata) }
      const row = rowOf(stream, 4, 5, '2026-11-24T00:00:00.000Z', event)
      const [read] = new CommittedBatch(4n, 5n, Buffer.from(row + row)).events
      const place = { stream, aggregate: 'thing', aggregateId: id, revision: 4n, position: 5n }
      const expected = { ...place, id: 'e', type, version: 3, time: '2026-11-24T00:00:00.000Z' }
      expect(read).toEqual({
        ...expected,
        data: JSON.parse(event.data) as object,
        metadata: JSON.parse(event.metadata) as object,
      })
    }),
  )
})

test('the command of an append joins its metadata, whatever is in the key', () => {
  fc.assert(
    fc.property(fc.dictionary(text, text), fc.oneof(text, awkward), (metadata, key) => {
      const joined = JSON.parse(withCommand(JSON.stringify(metadata), key, 'h')) as object
      expect(joined).toEqual({ ...metadata, $command: { key, hash: 'h' } })
    }),
  )
})
