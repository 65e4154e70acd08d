import { type CommandOutcome } from '#commands'
import { ledger } from '#ledger'
import { Problem } from '#runtime'
import { answer } from './answer.js'

const [command] = ledger.commands
if (!command) throw new Error('the ledger has commands')

function refusal(outcome: CommandOutcome): Problem {
  try {
    answer(ledger, command as NonNullable<typeof command>, outcome)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('it was accepted')
}

test('an accepted command is answered with its place, in text', () => {
  const place = { stream: 'book-b', revision: 4n, position: 9_007_199_254_740_993n }
  expect(answer(ledger, command, { kind: 'accepted', place, replayed: true })).toEqual({
    status: 201,
    replayed: true,
    position: '9007199254740993',
    body: { stream: 'book-b', revision: '4', position: '9007199254740993' },
  })
})

const again: readonly (readonly [CommandOutcome, string])[] = [
  [{ kind: 'contended' }, 'contended'],
  [{ kind: 'unavailable', overloaded: true, reason: 'full' }, 'overloaded'],
  [{ kind: 'unavailable', overloaded: false, reason: 'gone' }, 'unavailable'],
]
test.each(again)('%j may be sent again: 503 %s, and when', (outcome, code) => {
  const problem = refusal(outcome)
  expect([problem.status, problem.code, problem.headers['retry-after']]).toEqual([503, code, '1'])
})

const final: readonly (readonly [CommandOutcome, number, string])[] = [
  [{ kind: 'key-reused' }, 422, 'key-reused'],
  [{ kind: 'revision-mismatch', revision: 3n }, 412, 'revision-mismatch'],
  [
    { kind: 'rejected', rejection: { kind: 'rejection', code: 'book-exists', detail: 'it is open' } },
    409,
    'book-exists',
  ],
]
test.each(final)('%j is final', (outcome, status, code) => {
  const problem = refusal(outcome)
  expect([problem.status, problem.code, problem.headers['retry-after']]).toEqual([status, code, undefined])
})

const beyond = [
  ['event_size_bytes', 413, 'body-too-large', 'body', 'send less in one command'],
  ['append_size_bytes', 413, 'body-too-large', 'body', 'send less in one command'],
  ['claims_per_append', 413, 'body-too-large', 'body', 'send less in one command'],
  ['checks_per_append', 413, 'body-too-large', 'body', 'send less in one command'],
  ['events_per_append', 413, 'body-too-large', 'body', 'send less in one command'],
  ['stream_name_bytes', 400, 'invalid-parameter', 'book', 'use a shorter id'],
] as const
test.each(beyond)(
  'a limit of the log, %s, says what, by how much and what to do',
  (limit, status, code, field, remedy) => {
    const { errors, ...problem } = refusal({ kind: 'beyond-limit', limit, actual: 701, allowed: 500 })
    expect(problem).toMatchObject({ status, code, detail: expect.stringContaining(remedy) as string })
    const message = expect.stringMatching(/701.*500/) as string
    expect(errors).toEqual([{ field, rule: limit.replaceAll('_', '-'), message }])
  },
)

test('a rejection that the command does not declare is a bug, not an answer', () => {
  const rejection = { kind: 'rejection', code: 'nonsense', detail: '' } as const
  expect(() => answer(ledger, command, { kind: 'rejected', rejection })).toThrow(
    'does not declare rejection "nonsense"',
  )
})
