import pg from 'pg'
import { FoldFailure, isPoison, LoadFailure } from './failure.js'

function refusal(code: string): pg.DatabaseError {
  const error = new pg.DatabaseError('refused', 7, 'error')
  error.code = code
  return error
}

test('what a fold does, or what no row can be, is poison', () => {
  expect(isPoison(new FoldFailure('sums', new RangeError('no')))).toBe(true)
  for (const code of ['22003', '22021', '23505', '54000']) expect(isPoison(refusal(code))).toBe(true)
})

test('so is a key that no row can have, and rows among which none can be found', () => {
  for (const code of ['22003', '22021', '23505']) expect(isPoison(new LoadFailure(refusal(code)))).toBe(true)
})

test('a server that does not answer is none', () => {
  for (const error of [new Error('connection terminated'), refusal('57P01'), refusal('55P03')]) {
    expect(isPoison(error)).toBe(false)
    expect(isPoison(new LoadFailure(error))).toBe(false)
  }
})
