import 'reflect-metadata'
import { domains } from '#domains'
import { CommandHandler } from '#commands'
import { connectEventStore, eventStoreSettings } from '#event-store'
import { openApi, serveDocs } from '#http-api'
import { authSettings, createAuthenticator, startService } from '#runtime'
import { BulkCommands } from './bulk-commands.js'
import { BULK_PATH } from './bulk-docs.js'
import { BulkController } from './bulk-controller.js'
import { commandRoute } from './command-route.js'

/** Commands in: validate, authorize, load, decide, append, answer. Any number of instances. */
await startService('command-api', { ...authSettings, ...eventStoreSettings }, async (service) => {
  const { config, health } = service
  const store = await connectEventStore(service)
  health.add('event-store', async () => {
    await store.head()
    return undefined
  })
  const handler = new CommandHandler({ store })
  const routes = domains.flatMap((domain) => domain.commands.map((each) => commandRoute(domain, each, handler)))
  class CommandApi {}
  return {
    module: {
      module: CommandApi,
      controllers: [BulkController, ...routes],
      providers: [{ provide: BulkCommands, useValue: new BulkCommands(domains, handler) }],
    },
    authenticator: await createAuthenticator({
      jwksUrl: config.HEADWATER_JWKS_URL,
      issuer: config.HEADWATER_JWT_ISSUER,
      audience: config.HEADWATER_JWT_AUDIENCE,
    }),
    configure: (app) => {
      const fastify = app.getHttpAdapter().getInstance()
      fastify.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload))
      serveDocs(app, openApi({ title: 'Headwater: commands', domains, part: 'commands', extra: BULK_PATH }))
    },
  }
})
