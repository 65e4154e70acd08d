import { testApi, type TestApi } from '#testing'
import { Directory } from './status.js'
import { StatusController } from './status-controller.js'
import { Supervisor } from './supervisor.js'

let api: TestApi
const stopAll = jest.fn(() => new Promise<void>(() => undefined))
beforeAll(async () => {
  const supervisor = { refresh: () => Promise.resolve(), stopAll }
  const providers = [
    { provide: Supervisor, useValue: supervisor },
    { provide: Directory, useValue: { status: () => ({ ready: true }) } },
  ]
  api = await testApi({ controllers: [StatusController], providers })
})
afterAll(() => api.close())

const ask = async (method: string, path: string, token: string): Promise<number> =>
  (await fetch(api.url + path, { method, headers: { authorization: `Bearer ${token}` } })).status

test('who operates everything sees it and may stop it; who is restricted to some books may neither', async () => {
  const restricted = await api.issue({ restrict: { books: ['a'] } })
  expect(await ask('GET', '/v1/status', restricted)).toBe(403)
  expect(await ask('POST', '/v1/stop', restricted)).toBe(403)
  expect(stopAll).not.toHaveBeenCalled()
  expect(await ask('GET', '/v1/status', api.token)).toBe(200)
  expect(await ask('POST', '/v1/stop', api.token)).toBe(202)
})
