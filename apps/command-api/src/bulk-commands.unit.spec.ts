import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type CommandHandler } from '#commands'
import { domains } from '#domains'
import { BulkCommands, type LineResult } from './bulk-commands.js'
import { type Line } from './bulk-lines.js'

type Execute = CommandHandler['execute']

let logged: unknown[]
beforeEach(() => {
  logged = []
})

const open = (book: string): string =>
  JSON.stringify({ key: book, command: 'ledger.open-book', target: book, body: { book } })

async function answers(execute: Execute, lines: readonly Line[], expiresAt_ms = Infinity): Promise<LineResult[]> {
  const bulk = new BulkCommands(domains, { execute }, { error: (about: unknown) => void logged.push(about) })
  const principal = {
    subject: 'somebody',
    scopes: new Set<never>(),
    expiresAt_ms,
    idsOf: () => undefined,
    isRestricted: false,
  }
  const run = bulk.run(Readable.from([lines]), { principal, metadata: { correlationId: 'c-1' } })
  const told = await text(Readable.from(run))
  return told
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each) as LineResult)
}

test('a line that comes after the token has expired is not taken, and no other is read', async () => {
  const execute = jest.fn(() => Promise.resolve({ kind: 'contended' as const }))
  const told = await answers(execute, [open('one'), open('two')], Date.now() - 1)
  expect(told).toMatchObject([{ key: null, status: 401, problem: { code: 'unauthorized' } }])
  expect(execute).not.toHaveBeenCalled()
})

test('a bug is logged with the correlation id of its stream, once for many lines; what a client did wrong is not', async () => {
  const execute = (): never => {
    throw new RangeError('never thought of')
  }
  const told = await answers(execute, ['{"key":', open('one'), open('two')])
  expect(told.map(({ status }) => status)).toEqual([400, 500, 500])
  const stack = expect.stringContaining('bulk-commands.unit.spec') as string
  expect(logged).toEqual([{ correlationId: 'c-1', command: 'ledger.open-book', reason: 'never thought of', stack }])
})

describe('what is wrong is told in brief, however long it is:', () => {
  const long = (text: string): string => text.repeat(500_000 / text.length)
  const nulls = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`a${at}`, null]))
  const line = { key: 'k', command: 'ledger.open-book', target: 'b' }
  test.each<[string, object]>([
    ['nulls below a long name', { ...line, body: { [long('x')]: nulls } }],
    ['nulls below a name of quotes', { ...line, body: { [long('"')]: nulls } }],
    ['an unknown field', { ...line, body: { book: 'b', [long('x')]: 1 } }],
    ['a command that nobody knows', { ...line, command: long('x') }],
    ['a command that is no text', { ...line, command: [long('x')] }],
    ['a field of the line', { ...line, body: {}, [long('x')]: 1 }],
  ])('%s', async (_, sent) => {
    const execute = jest.fn<never, []>()
    const [told] = await answers(execute, [JSON.stringify(sent)])
    expect(told).toMatchObject({ status: 400, problem: { code: 'invalid-body' } })
    expect(JSON.stringify(told).length).toBeLessThan(32_768)
    expect(execute).not.toHaveBeenCalled()
  })
})

test('half a character of a name that was sent stands in no answer', async () => {
  const body = `{"book":"b","${'x'.repeat(99)}\ud83d\ude00":1}`
  const [told] = await answers(jest.fn<never, []>(), [
    `{"key":"k","command":"ledger.open-book","target":"b","body":${body}}`,
  ])
  expect(told?.problem?.errors).toMatchObject([{ field: `${'x'.repeat(99)}\ufffd…`, rule: 'unknown-field' }])
})

test('a rejection that a command does not declare is a bug', async () => {
  const rejection = { kind: 'rejection', code: 'nonsense', detail: '' } as const
  const told = await answers(() => Promise.resolve({ kind: 'rejected', rejection }), [open('one')])
  expect(told).toMatchObject([{ key: 'one', status: 500, problem: { code: 'internal-error' } }])
  expect(logged).toMatchObject([{ reason: expect.stringContaining('nonsense') as string }])
})
