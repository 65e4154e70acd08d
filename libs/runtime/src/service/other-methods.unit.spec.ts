import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { Controller, Delete, Get, Post } from '@nestjs/common'
import { testApi, type TestApi } from '#testing'
import { RequireScope } from '../auth/guard.js'

@Controller()
@RequireScope('read')
class Things {
  @Get('/things/:id')
  show(): object {
    return { shown: true }
  }

  @Delete('/things/:id')
  remove(): object {
    return { removed: true }
  }

  @Post('/things')
  add(): object {
    return { added: true }
  }
}

let api: TestApi
beforeAll(async () => {
  api = await testApi({ controllers: [Things] })
})
afterAll(() => api.close())

async function ask(method: string, path: string): Promise<IncomingMessage> {
  const asking = request(api.url + path, {
    method,
    agent: false,
    headers: { authorization: `Bearer ${api.token}` },
  }).end()
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  return answer
}

test.each(['POST', 'PUT', 'PATCH', 'OPTIONS', 'TRACE'])(
  '%s of a path that has other methods is told which',
  async (method) => {
    const answer = await ask(method, '/things/1')
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'DELETE, GET, HEAD'])
    expect(await json(answer)).toMatchObject({
      ...{ status: 405, code: 'method-not-allowed', detail: 'this path has DELETE, GET, HEAD', instance: '/things/1' },
    })
  },
)

test('HEAD is refused so, too, without words', async () => {
  const answer = await ask('HEAD', '/things')
  expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST'])
})

test('methods that a path has are answered, and a path that nobody has is not there', async () => {
  expect((await ask('DELETE', '/things/1')).statusCode).toBe(200)
  expect((await ask('OPTIONS', '/nothing')).statusCode).toBe(404)
})
