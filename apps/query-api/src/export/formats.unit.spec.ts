import { FORMATS } from './formats.js'

const [csv, ndjson] = [FORMATS.get('text/csv')!, FORMATS.get('application/x-ndjson')!]
const fields = ['id', 'note', 'tags']

test('CSV has a header and the declared columns in their order, as RFC 4180 has them', () => {
  expect(csv.head(fields)).toBe('id,note,tags\r\n')
  expect(csv.line({ note: 'plain', id: 't1', tags: {} }, fields)).toBe('t1,plain,{}\r\n')
  expect(csv.line({ id: 'a,b', note: 'say "hi"', tags: { k: ['v'] } }, fields)).toBe(
    '"a,b","say ""hi""","{""k"":[""v""]}"\r\n',
  )
  expect(csv.line({ id: 'line\nbreak', note: '=1+1', tags: null }, fields)).toBe('"line\nbreak",=1+1,\r\n')
  expect(csv.line({ id: 1, note: true, tags: 12n }, fields)).toBe('1,true,12\r\n')
})

test('a field that is left out is empty, and one that nobody declared is an error', () => {
  expect(csv.line({ id: 't1' }, fields)).toBe('t1,,\r\n')
  expect(() => csv.line({ id: 't1', colour: 'red' }, fields)).toThrow('an item has the field "colour"')
})

test('NDJSON is an item a line, without a header', () => {
  expect(ndjson.head(fields)).toBe('')
  expect(ndjson.line({ id: 't1', note: 'two\nlines' }, fields)).toBe('{"id":"t1","note":"two\\nlines"}\n')
})
