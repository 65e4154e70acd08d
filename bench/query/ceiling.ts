import 'reflect-metadata'
import { domains } from '#domains'
import { type Answer, ResourceCatalogue } from '#read-models'
import { authSettings, createAuthenticator, startService } from '#runtime'
import { queryRoute } from '../../apps/query-api/src/rest/query-route.js'

/**
 * What HTTP allows: the same application with the same routes, tokens and checks of path and parameters, which reads nothing and
 * answers every query with the same balance.
 */
await startService('ceiling', authSettings, async ({ config }) => {
  const data = {
    position: '12345678',
    account: 'assets:bank:account-1',
    open: true,
    balances: [{ account: 'assets:bank:account-1', commodity: 'EUR', amount: '1234.50' }],
  }
  const etag = 'W/"accounts.1.1-12345678"'
  const answer: Answer = { position: 12_345_678n, build: 1, source: 'cache', etag, data }
  const constant = async (): Promise<Answer> => Promise.resolve(answer)
  const reading = { document: constant, list: constant, collection: constant }
  // Nobody asks it for an export.
  const tools = { reader: { for: () => reading } } as unknown as Parameters<typeof queryRoute>[1]
  class Ceiling {}
  return {
    module: {
      module: Ceiling,
      controllers: new ResourceCatalogue(domains).resources.map((each) => queryRoute(each, tools)),
    },
    authenticator: await createAuthenticator({
      jwksUrl: config.HEADWATER_JWKS_URL,
      issuer: config.HEADWATER_JWT_ISSUER,
      audience: config.HEADWATER_JWT_AUDIENCE,
      aggregates: [],
    }),
  }
})
