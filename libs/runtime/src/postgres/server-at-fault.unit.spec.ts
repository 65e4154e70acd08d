import pg from 'pg'
import { isServerAtFault } from './server-at-fault.js'

const told = (code: string): pg.DatabaseError => Object.assign(new pg.DatabaseError('no', 1, 'error'), { code })

test.each([
  ['08006', 'a connection that failed'],
  ['53100', 'a full disk'],
  ['57P01', 'a shutdown'],
  ['57014', 'a statement that was cancelled'],
  ['58030', 'a disk that fails'],
  ['25006', 'a primary that is a replica by now'],
])('%s, %s, may go later', (code) => {
  expect(isServerAtFault(told(code))).toBe(true)
})

test.each([
  ['23505', 'a key that is there'],
  ['22P05', 'a character that cannot be stored'],
  ['42P01', 'a table that is not there'],
  ['25001', 'a transaction where there must be none'],
  ['54000', 'a row too large'],
])('%s, %s, will not', (code) => {
  expect(isServerAtFault(told(code))).toBe(false)
})

test('a connection that breaks or is not had says nothing of what was asked', () => {
  expect(isServerAtFault(new Error('Connection terminated unexpectedly'))).toBe(true)
})
