import { domains } from '#domains'
import { openApi } from '#http-api'
import { BULK_PATH } from './bulk-docs.js'
import { reportsOf } from './report-controller.js'
import { reportPaths } from './report-docs.js'

interface Page {
  readonly paths: Readonly<Record<string, { readonly post?: Operation }>>
  readonly components: { readonly schemas: object }
}
interface Operation {
  readonly responses: Readonly<Record<string, { readonly description: string; readonly headers?: object }>>
}

const extra = { ...BULK_PATH, ...reportPaths([...reportsOf(domains).keys()]) }
const page = openApi({ title: 'Headwater: commands', domains, part: 'commands', extra }) as unknown as Page

describe.each(Object.keys(extra))('POST %s, which no domain declares,', (path) => {
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
