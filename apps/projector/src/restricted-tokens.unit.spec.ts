import { createMemoryStore } from '#event-store'
import { Builds } from '#read-models'
import { testApi, type TestApi } from '#testing'
import { EventTails } from './event-tails.js'
import { EventsController, STORE } from './events-controller.js'
import { LogHead } from './log-head.js'
import { ProjectionsController } from './projections-controller.js'

let api: TestApi
beforeAll(async () => {
  const builds = { list: () => Promise.resolve([]), decisions: () => Promise.resolve([]) }
  const providers = [
    { provide: STORE, useValue: createMemoryStore() },
    { provide: EventTails, useValue: new EventTails() },
    { provide: Builds, useValue: builds },
    { provide: LogHead, useValue: { find: () => Promise.resolve(0n) } },
  ]
  api = await testApi({ controllers: [EventsController, ProjectionsController], providers })
})
afterAll(() => api.close())

const ask = async (route: string, token: string): Promise<Response> => {
  const [method, path] = route.split(' ') as [string, string]
  return fetch(api.url + path, { method, headers: { authorization: `Bearer ${token}` } })
}

const ROUTES = [
  'GET /v1/events?from=1&limit=0',
  'GET /v1/projections',
  'GET /v1/projections/decisions',
  'POST /v1/projections/books/rebuild',
]

describe.each(ROUTES)('%s, which spans all books,', (route) => {
  test.each([{ books: ['a'] }, { books: [] }, { jobs: ['a'] }])(
    'is not for a token restricted to %j',
    async (restrict) => {
      const answer = await ask(route, await api.issue({ restrict }))
      expect(answer.status).toBe(403)
      expect(await answer.json()).toMatchObject({
        code: 'forbidden',
        detail: expect.stringContaining('restricted') as string,
      })
    },
  )
})

test('a claim that is no aggregate restricts nothing, as groups of an identity provider do not', async () => {
  expect((await ask('GET /v1/projections', await api.issue({ restrict: { groups: ['staff'] } }))).status).toBe(200)
  expect((await ask('GET /v1/projections', api.token)).status).toBe(200)
})
