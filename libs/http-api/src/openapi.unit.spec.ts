import { domains } from '#domains'
import { aggregate, document, fillPath, json, parseRoute, projection, text as string } from '#domain-kit'
import { PROBLEMS } from '#runtime'
import { answerSchema } from './answer-schema.js'
import { openApi } from './openapi.js'
import { validateDto } from './validate.js'

const lot = aggregate<{ type: 'Seen'; data: object }>()('lot', {
  version: 1,
  initial: {},
  evolve: { Seen: (state) => state },
})

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<Record<string, Response>>
}
interface Response {
  readonly description: string
  readonly headers?: Readonly<Record<string, object>>
  readonly content?: Readonly<Record<string, { readonly schema: object }>>
}
interface Page {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> }
}

const pageOf = (part: 'commands' | 'queries'): Page => openApi({ title: 'Headwater', domains, part }) as unknown as Page
const pages = { commands: pageOf('commands'), queries: pageOf('queries') }
const operations = (part: keyof typeof pages): [string, Operation][] =>
  Object.entries(pages[part].paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, it]): [string, Operation] => [`${method.toUpperCase()} ${path}`, it]),
  )
const all = [...operations('commands'), ...operations('queries')]

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) => (name === '$ref' ? [String(each)] : refsIn(each)))
}

describe.each(['commands', 'queries'] as const)('the page of %s', (part) => {
  test('refers to nothing that is not there', () => {
    const known = Object.keys(pages[part].components.schemas).map((name) => `#/components/schemas/${name}`)
    expect(refsIn(pages[part]).filter((ref) => !known.includes(ref))).toEqual([])
    expect(refsIn(pages[part])).toContain('#/components/schemas/Problem')
  })

  test('holds no schema that nothing refers to', () => {
    const refs = refsIn(pages[part]).map((ref) => ref.split('/').at(-1))
    expect(Object.keys(pages[part].components.schemas).filter((name) => !refs.includes(name))).toEqual([])
  })

  test('is JSON through and through', () => {
    expect(JSON.parse(JSON.stringify(pages[part]))).toEqual(pages[part])
  })

  test('names each operation once', () => {
    const ids = operations(part).map(([, { operationId }]) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

test('every declared route stands on its page, and nothing else', () => {
  const declared = (part: 'commands' | 'resources'): string[] =>
    domains.flatMap((each) =>
      each[part].map(({ route }) => {
        const { method, path } = parseRoute(each.prefix, route)
        return `${method} ${path}`
      }),
    )
  expect(
    operations('commands')
      .map(([route]) => route)
      .sort(),
  ).toEqual(declared('commands').sort())
  expect(
    operations('queries')
      .map(([route]) => route)
      .sort(),
  ).toEqual(declared('resources').sort())
})

describe.each(all)('%s', (route, { parameters, responses, summary }) => {
  const statuses = Object.keys(responses).map(Number)
  const refusals = Object.entries(responses).filter(([status]) => Number(status) >= 400)

  test('says what it is for', () => {
    expect(summary).not.toBe('')
  })

  test('names each parameter of its path, and requires it', () => {
    const inPath = parameters.filter((it) => it.in === 'path')
    expect(inPath.every(({ required }) => required)).toBe(true)
    const path = route.split(' ')[1] ?? ''
    expect(() => fillPath(path, Object.fromEntries(inPath.map(({ name }) => [name, 'x'])))).not.toThrow()
    expect(inPath).toHaveLength(path.split('{').length - 1)
  })

  test('answers refusals as problems, with the codes that it can refuse with', () => {
    for (const [status, { content, description }] of refusals) {
      expect(content).toEqual({ 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } })
      for (const code of description.split(', '))
        if (code in PROBLEMS) expect(PROBLEMS[code as keyof typeof PROBLEMS].status).toBe(Number(status))
    }
    expect(statuses).toEqual(expect.arrayContaining([400, 401, 403, 500, 503]))
  })

  test('tells how long to wait, and what is wrong with a token', () => {
    expect(Object.keys(responses[503]?.headers ?? {})).toContain('Retry-After')
    expect(Object.keys(responses[401]?.headers ?? {})).toContain('WWW-Authenticate')
  })

  test('carries the correlation id and, when it went well, the position', () => {
    for (const { headers } of Object.values(responses)) expect(Object.keys(headers ?? {})).toContain('X-Correlation-Id')
    const [status] = statuses.filter((each) => each < 300)
    expect(Object.keys(responses[status ?? 0]?.headers ?? {})).toContain('Headwater-Position')
  })
})

describe('a command', () => {
  const commands = domains.flatMap((domain) => domain.commands.map((command) => ({ domain, command })))

  test.each(commands.map((it) => [it.command.name, it] as const))('%s lists each of its rejections', (_, it) => {
    const { method, path } = parseRoute(it.domain.prefix, it.command.route)
    const { responses } = pages.commands.paths[path]![method.toLowerCase()]!
    for (const [code, status] of Object.entries(it.command.rejections))
      expect(responses[status]?.description.split(', ')).toContain(code)
    for (const [status, code] of Object.entries({ 412: 'revision-mismatch', 413: 'body-too-large', 422: 'key-reused' }))
      expect(responses[status]?.description.split(', ')).toContain(code)
    expect(Object.keys(responses)).toEqual(expect.arrayContaining([String(it.command.status), '415']))
    expect(Object.keys(responses[it.command.status]?.headers ?? {})).toContain('Headwater-Replayed')
  })

  test.each(operations('commands'))('%s takes an idempotency key and a revision', (_, { parameters }) => {
    const headers = parameters.filter((it) => it.in === 'header').map(({ name }) => name)
    expect(headers).toEqual(expect.arrayContaining(['Idempotency-Key', 'If-Match', 'X-Correlation-Id']))
  })

  test('that inherits its body from another one has that body', () => {
    const { schemas } = pages.commands.components
    for (const name of ['PostTransaction', 'PlaceHold'])
      expect(Object.keys(schemas[name]?.properties ?? {})).toEqual([
        ...['id', 'date', 'description', 'code', 'comment', 'tags', 'postings'],
      ])
  })

  test.each(commands.filter(({ command }) => command.example).map(({ command }) => [command.name, command] as const))(
    '%s takes its own example',
    (_, { body, example = {} }) => {
      expect(validateDto(body, example, 'body')).toEqual(example)
    },
  )

  test('has no field in its body that is in its path, and an example there', () => {
    const { parameters, requestBody } =
      pages.commands.paths['/v1/ledger/books/{book}/transactions/{transaction}/reversal']!['post']!
    expect(requestBody?.content['application/json']).toMatchObject({
      schema: { properties: { id: {}, date: {} }, required: ['id', 'date'] },
      example: { id: 'coffee-2-undone', date: '2026-11-24' },
    })
    expect(JSON.stringify(requestBody)).not.toContain('"transaction"')
    expect(parameters.find(({ name }) => name === 'transaction')).toMatchObject({ example: 'coffee-2' })
  })

  test('whose fields are all in its path has no body', () => {
    const { delete: close } = pages.commands.paths['/v1/ledger/books/{book}/accounts/{account}']!
    expect(close).not.toHaveProperty('requestBody')
  })

  test('tells in its body what each field must be, rules of one\u2019s own included', () => {
    expect(pages.commands.components.schemas).toMatchObject({
      PostingDto: {
        properties: {
          account: { type: 'string', minLength: 1, maxLength: 255 },
          amount: { type: 'string', pattern: '^-?\\d+(\\.\\d+)?$' },
          cost: { $ref: '#/components/schemas/CostDto' },
        },
        required: ['account', 'amount', 'commodity'],
      },
      PostTransaction: {
        properties: {
          date: { type: 'string', format: 'date' },
          tags: { type: 'object', additionalProperties: { type: 'string' } },
          postings: { type: 'array', minItems: 2, maxItems: 1000, items: { $ref: '#/components/schemas/PostingDto' } },
        },
      },
    })
  })
})

describe('a query', () => {
  const answerOf = (path: string): object | undefined =>
    pages.queries.paths[path]!['get']!.responses[200]?.content?.['application/json']?.schema
  const text = { type: 'string' }

  test('for a document names and types what it answers, and what may be null', () => {
    expect(answerOf('/v1/ledger/books/{book}')).toMatchObject({
      properties: {
        position: text,
        book: text,
        openAccounts: { type: 'number' },
        lastDate: { ...text, nullable: true },
      },
      required: ['position'],
    })
  })

  test('for a list tells what its items are, for a collection what it is made of', () => {
    expect(answerOf('/v1/ledger/books/{book}/accounts/{account}/statement')).toMatchObject({
      properties: {
        items: { type: 'array', items: { properties: { posting: { type: 'number' }, amount: text, balance: text } } },
        next: { ...text, nullable: true },
      },
      required: ['position', 'items', 'next'],
    })
    expect(answerOf('/v1/ledger/books/{book}/balances')).toMatchObject({ properties: { balances: { type: 'array' } } })
  })

  test('whose answer cannot be made of a row without events is an object', () => {
    const table = { lot: string().key(), seen: json<readonly { at: string }[]>([]) }
    const lots = projection('lots', { version: 1, of: lot, table, key: () => [], fold: {} })
    const first = document(lots, 'GET /lots/{lot}', {
      answer: ({ seen }) => ({ first: seen.map(({ at }) => at).at(0)!.length }),
    })
    expect(answerSchema(first)).toMatchObject({ type: 'object', properties: { position: text } })
  })

  test.each(operations('queries'))('%s may be asked for freshness, and answered with a validator', (_, it) => {
    const headers = it.parameters.filter((each) => each.in === 'header').map(({ name }) => name)
    expect(headers).toEqual(expect.arrayContaining(['Headwater-Min-Position', 'If-None-Match']))
    expect(Object.keys(it.responses[200]?.headers ?? {})).toEqual(expect.arrayContaining(['ETag', 'Headwater-Source']))
    expect(Object.keys(it.responses)).toContain('304')
    expect(it.responses[503]?.description).toContain('not-fresh-enough')
  })

  test('for a list is paged, for a collection is filtered, for a document neither', () => {
    const inQuery = (route: string): string[] =>
      (Object.fromEntries(all)[route]?.parameters ?? []).filter((it) => it.in === 'query').map(({ name }) => name)
    expect(inQuery('GET /v1/ledger/books')).toEqual(['limit', 'cursor'])
    expect(inQuery('GET /v1/ledger/books/{book}/balances')).toEqual([
      ...['account', 'tree', 'commodity', 'nonzero', 'sort', 'at'],
    ])
    expect(inQuery('GET /v1/ledger/books/{book}')).toEqual([])
  })

  test('names its filters, orders and history as they are declared', () => {
    const { parameters } = pages.queries.paths['/v1/ledger/books/{book}/transactions']!['get']!
    const inQuery = parameters.filter((it) => it.in === 'query')
    expect(inQuery.map(({ name }) => name)).toEqual([
      ...['limit', 'cursor', 'from', 'to', 'description', 'descriptionPrefix', 'account', 'sort'],
    ])
    expect(inQuery.find(({ name }) => name === 'sort')).toMatchObject({ schema: { enum: ['date', '-date'] } })
    expect(inQuery.find(({ name }) => name === 'from')).toMatchObject({ schema: { format: 'date' } })
    const statement = Object.fromEntries(all)['GET /v1/ledger/books/{book}/accounts/{account}/statement']
    expect(statement?.parameters.filter((it) => it.in === 'query').map(({ name }) => name)).toEqual([
      ...['limit', 'cursor', 'from', 'to', 'commodity', 'at'],
    ])
    const balance = Object.fromEntries(all)['GET /v1/ledger/books/{book}/balances/{account}']
    expect(balance?.parameters.filter((it) => it.in === 'query').map(({ name }) => name)).toEqual(['at'])
  })

  test('is offered as lines where it is made of lines, and refuses other types', () => {
    const types = (route: string): string[] =>
      Object.keys(Object.fromEntries(all)[`GET /v1/ledger/books/{book}${route}`]?.responses[200]?.content ?? {})
    const lines = ['application/json', 'text/csv', 'application/x-ndjson']
    expect(types('/transactions')).toEqual(lines)
    expect(types('/balances')).toEqual(lines)
    expect(types('/balances/{account}')).toEqual(['application/json'])
    for (const [, { responses }] of operations('queries'))
      expect(responses[406]?.description).toContain('not-acceptable')
  })
})

test('routes beyond the declared ones stand on the page as they are', () => {
  const extra = { '/v1/more': { get: { summary: 'More' } } }
  expect(openApi({ title: 'x', domains: [], part: 'queries', extra })).toMatchObject({ paths: extra })
})
