import { UnknownError } from '@eventstore/db-client'
import { remedyOf } from './remedy.js'

test.each(['Server Is Not Ready', 'Server Is Busy', 'No leader info available in response'])(
  'an append that the server did not take, "%s", is sent again elsewhere',
  (said) => {
    expect(remedyOf(new UnknownError(undefined, `Could not recognize ${said}`))).toBe('replace')
  },
)

test('what the server finds wrong with an append stays wrong', () => {
  expect(remedyOf(new UnknownError(undefined, 'Could not recognize Bad Request'))).toBe('never')
  expect(remedyOf(new UnknownError())).toBe('never')
})
