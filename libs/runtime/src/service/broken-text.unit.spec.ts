import { Body, Controller, Get, Post, Query } from '@nestjs/common'
import { testApi, type TestApi } from '#testing'
import { RequireScope } from '../auth/guard.js'

@Controller()
class Echo {
  @Post('/echo')
  @RequireScope('read')
  body(@Body() body: unknown): unknown {
    return { body }
  }

  @Get('/echo')
  @RequireScope('read')
  query(@Query() query: unknown): unknown {
    return { query }
  }
}

let api: TestApi
beforeAll(async () => {
  api = await testApi({ controllers: [Echo] })
})
afterAll(() => api.close())

const ask = (query: string, body?: Buffer): Promise<Response> =>
  fetch(`${api.url}/echo${query}`, {
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
    ...(body ? { method: 'POST', body: new Uint8Array(body) } : {}),
  })

const bytes = (...parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map((each) => (typeof each === 'string' ? Buffer.from(each) : Buffer.from(each))))

describe('a body', () => {
  test.each([
    ['a byte that begins nothing', [0xff]],
    ['half a character', [0xc3]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a character longer than it need be', [0xc0, 0xaf]],
    ['a character of Latin-1', [0xe4]],
  ])('with %s is refused, not altered', async (_, broken) => {
    const answer = await ask('', bytes('{"name":"', broken, '"}'))
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      code: 'malformed-json',
      errors: [{ field: 'body', rule: 'utf-8', message: expect.stringContaining('encoded as UTF-8') as string }],
    })
  })

  test('of any characters comes as it was sent, also that which stands for broken bytes', async () => {
    const name = 'ä\u{1f600}\ufffd\u0000'
    const answer = await ask('', bytes(JSON.stringify({ name })))
    expect(await answer.json()).toEqual({ body: { name } })
  })

  test.each(['', '{', '{"__proto__":{"x":1}}', '{"constructor":{"prototype":{"x":1}}}'])(
    'that is %j is refused as ever',
    async (text) => {
      const answer = await ask('', bytes(text))
      expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'malformed-json' }])
    },
  )

  test('is bounded as ever', async () => {
    expect((await ask('', bytes(`{"x":"${'x'.repeat(1_048_576)}"}`))).status).toBe(413)
  })
})

describe('a query string', () => {
  test.each(['?a=%', '?a=%2', '?a=%zz', '?a=%ff', '?%C3=1', '?a=%ED%A0%80', '?a=1&b=%C3'])(
    '%s is refused, not altered',
    async (query) => {
      const answer = await ask(query)
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({
        code: 'invalid-parameter',
        errors: [{ field: 'query', rule: 'percent-encoding' }],
      })
    },
  )

  test('is read as forms write it', async () => {
    const answer = await ask('?a=%EF%BF%BD&b=1+2&b=%2B&c&=x&d=e=f')
    expect(await answer.json()).toEqual({ query: { a: '\ufffd', b: ['1 2', '+'], c: '', '': 'x', d: 'e=f' } })
  })
})

test.each(['%', '%2', '%zz', '%FF', '%ED%A0%80', '%C0%AF'])('a path with %s is refused', async (segment) => {
  const answer = await fetch(`${api.url}/echo/${segment}`)
  expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'invalid-parameter' }])
})
