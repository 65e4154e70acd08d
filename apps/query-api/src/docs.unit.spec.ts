import { domains } from '#domains'
import { Reader, ResourceCatalogue, Sources } from '#read-models'
import { documentedRoutes, routesOf } from '#testing'
import { type ExportTools } from './export/send-export.js'
import { controllersOf, page } from './query-api.js'

test('every route stands on the page, and nothing else', async () => {
  const providers = [Reader, Sources, ResourceCatalogue].map((provide) => ({ provide, useValue: {} }))
  const tools = {} as ExportTools
  const controllers = [...controllersOf(new ResourceCatalogue(domains), tools, 'http://127.0.0.1:1')]
  const routes = await routesOf({ controllers, providers })
  expect(documentedRoutes(page() as never)).toEqual(routes)
  expect(routes).toContain('POST /v1/reports/{name}')
})
