import 'reflect-metadata'
import { type CommandOutcome } from '#commands'
import { domains } from '#domains'
import { authSettings, createAuthenticator, startService } from '#runtime'
import { commandRoute } from '../../apps/command-api/src/command-route.js'

/**
 * What HTTP allows: the same application with the same routes, tokens and checks of the input, whose handler answers at
 * once. It decides nothing, writes nothing, and says so in an answer of the same shape.
 */
await startService('ceiling', authSettings, async ({ config }) => {
  const place = { stream: 'book-bench', revision: 123_456n, position: 12_345_678n }
  const outcome: CommandOutcome = { kind: 'accepted', place, replayed: false }
  const handler = { execute: async () => Promise.resolve(outcome) }
  class Ceiling {}
  return {
    module: {
      module: Ceiling,
      controllers: domains.flatMap((domain) => domain.commands.map((each) => commandRoute(domain, each, handler))),
    },
    authenticator: await createAuthenticator({
      jwksUrl: config.HEADWATER_JWKS_URL,
      issuer: config.HEADWATER_JWT_ISSUER,
      audience: config.HEADWATER_JWT_AUDIENCE,
      aggregates: [],
    }),
  }
})
