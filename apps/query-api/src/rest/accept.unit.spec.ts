import { negotiate } from './accept.js'

const OFFERED = ['application/json', 'text/csv', 'application/x-ndjson']

test.each<[string | undefined, string | undefined]>([
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['application/json, text/plain, */*', 'application/json'],
  ['text/csv', 'text/csv'],
  ['TEXT/CSV; charset=utf-8', 'text/csv'],
  ['text/*', 'text/csv'],
  ['application/*', 'application/json'],
  ['text/csv, */*', 'text/csv'],
  ['text/csv;q=0.5, application/json;q=0.4', 'text/csv'],
  ['text/csv;q=0.5, */*;q=0.8', 'application/json'],
  ['application/json;q=0, */*', 'text/csv'],
  ['application/json;q=0, application/*', 'application/x-ndjson'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/json'],
  ['text/html', undefined],
  ['text/csv;q=0', undefined],
  ['application/pdf, image/*', undefined],
  ['text/csv;q=nonsense', undefined],
])('Accept: %s is answered as %s', (header, expected) => {
  expect(negotiate(header, OFFERED)).toBe(expected)
})

test('a document is JSON or nothing', () => {
  expect(negotiate('text/csv', ['application/json'])).toBeUndefined()
  expect(negotiate('text/csv, application/json;q=0.1', ['application/json'])).toBe('application/json')
})
