import { domains } from '#domains'
import { reportPaths } from '#http-api'
import { documentedRoutes, routesOf } from '#testing'
import { BulkCommands } from './bulk-commands.js'
import { takeLines } from './bulk-controller.js'
import { BULK_PATH } from './bulk-docs.js'
import { CommandHandler } from '#commands'
import { controllersOf, page as commandsPage } from './command-api.js'
import { LOG_HEAD, REPORTS } from './report-controller.js'

interface Page {
  readonly paths: Readonly<Record<string, { readonly post?: Operation }>>
  readonly components: { readonly schemas: object }
}
interface Operation {
  readonly responses: Readonly<Record<string, { readonly description: string; readonly headers?: object }>>
}

const extra = { ...BULK_PATH, ...reportPaths(domains) }
const page = commandsPage() as unknown as Page

describe.each(['/v1/commands', '/v1/reports/{name}'])('POST %s, which no domain declares,', (path) => {
  const { responses } = page.paths[path]!.post!

  test('stands on the page of commands, and refers to nothing that is not there', () => {
    const refs = [...JSON.stringify(extra[path]).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
    expect(refs).toContain('Problem')
    expect(Object.keys(page.components.schemas)).toEqual(expect.arrayContaining(refs))
  })

  test('tells its refusals with the headers that they carry', () => {
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '403', '415', '500', '503']))
    expect(Object.keys(responses[503]?.headers ?? {})).toContain('Retry-After')
    expect(Object.keys(responses[401]?.headers ?? {})).toContain('WWW-Authenticate')
  })
})

test('a report may be asked for by each name that is installed', () => {
  expect(JSON.stringify(extra['/v1/reports/{name}'])).toContain('"enum":["trial-balance"]')
})

test('every route stands on the page, and nothing else', async () => {
  const providers = [CommandHandler, BulkCommands, REPORTS, LOG_HEAD].map((provide) => ({ provide, useValue: {} }))
  const controllers = [
    ...controllersOf({ execute: () => Promise.reject(new Error('not asked')) }, 'http://127.0.0.1:1'),
  ]
  const routes = await routesOf({ controllers, providers, configure: takeLines })
  expect(documentedRoutes(page)).toEqual(routes)
})

test('what takes archived events is told of', () => {
  for (const path of ['/v1/reports/{name}', '/v1/ledger/books'])
    expect(page.paths[path]!.post!.responses[410]?.description).toContain('archived')
})
