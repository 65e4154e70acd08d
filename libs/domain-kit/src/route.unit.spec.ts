import fc from 'fast-check'
import { fillPath, parseRoute } from './route.js'

describe('a route', () => {
  test('is a method and a path below the prefix of its domain', () => {
    expect(parseRoute('/v1/ledger', 'POST /books')).toEqual({ method: 'POST', path: '/v1/ledger/books', params: [] })
  })

  test('names its parameters, in order', () => {
    expect(parseRoute('/v1', 'GET /books/{book}/balances/{account}').params).toEqual(['book', 'account'])
  })

  test('may name a parameter as a column is named, in snake case', () => {
    expect(parseRoute('/v1', 'GET /lots/{lot_id}/{level2}').params).toEqual(['lot_id', 'level2'])
  })

  test('may be the prefix alone', () => {
    expect(parseRoute('/v1/ledger', 'GET /').path).toBe('/v1/ledger')
  })

  test.each(['GET', 'POST', 'PUT', 'DELETE'])('may be a %s', (method) => {
    expect(parseRoute('', `${method} /x`).method).toBe(method)
  })

  test.each([
    ...['', '/books', 'GET', 'GET books', 'get /books', 'PATCH /books', 'GET  /books', 'GET /books ', ' GET /books'],
    ...['GET /books?x=1', 'GET /b ooks', 'GET /books#a', 'GET /bücher', 'GET /books\n', 'GET /books/:book', 'GET /*'],
    ...['GET /{book', 'GET /book}', 'GET /{}', 'GET /{1st}', 'GET /{a-b}', 'GET /{a{b}}', 'GET /{a}}'],
  ])('is not %j', (route) => {
    expect(() => parseRoute('', route)).toThrow(new RangeError(`route "${route}" is not METHOD /path/{param}`))
  })

  test('names no parameter twice', () => {
    expect(() => parseRoute('', 'GET /{a}/{a}')).toThrow('route "GET /{a}/{a}" names a parameter twice')
  })
})

describe('a path is filled', () => {
  test('percent-encoded, so that a value is one segment whatever it holds', () => {
    const path = '/books/{book}/balances/{account}'
    expect(fillPath(path, { book: 'main', account: 'assets:cash/€ {x}?#%2F' })).toBe(
      '/books/main/balances/assets%3Acash%2F%E2%82%AC%20%7Bx%7D%3F%23%252F',
    )
  })

  test('such that each value can be read back', () => {
    const anything = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed())
    fc.assert(
      fc.property(anything, anything, (a, b) => {
        const segments = fillPath('/x/{a}/y/{b}', { a, b }).split('/')
        expect(segments.map(decodeURIComponent)).toEqual(['', 'x', a, 'y', b])
      }),
    )
  })

  test('with the values of its own parameters only', () => {
    expect(fillPath('/x/{a}', { a: '{b}', b: 'no' })).toBe('/x/%7Bb%7D')
  })

  test('wholly: a value that is missing is a bug', () => {
    expect(() => fillPath('/x/{a}', {})).toThrow('path "/x/{a}" lacks a value for {a}')
  })
})
