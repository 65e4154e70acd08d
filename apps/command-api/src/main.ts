import 'reflect-metadata'
import { domains } from '#domains'
import { aggregateNames } from '#domain-kit'
import { CommandHandler, openPostgresSnapshots, Snapshots } from '#commands'
import { besideTheLog, connectEventStore, eventStoreSettings } from '#event-store'
import { serveDocs } from '#http-api'
import { authSettings, createAuthenticator, setting, startService } from '#runtime'
import { BulkCommands } from './bulk-commands.js'
import { takeLines } from './bulk-controller.js'
import { controllersOf, page } from './command-api.js'
import { headOf, LOG_HEAD, REPORTS, reportsOf } from './report-controller.js'

const settings = {
  ...authSettings,
  ...eventStoreSettings,
  HEADWATER_QUERIES_URL: setting.url({ description: 'origin of the query API', schemes: ['http', 'https'] }),
} as const

/** Commands in: validate, authorize, load, decide, append, answer. Any number of instances. */
await startService('command-api', settings, async (service) => {
  const { config, health, logger, onStop } = service
  const store = await connectEventStore(service, domains)
  let head = 0n
  health.add('event-store', async () => {
    head = await store.head()
    return undefined
  })
  health.fact('head', () => head.toString())
  const kept = openPostgresSnapshots({ ...besideTheLog(config), logger })
  const snapshots = new Snapshots({ store: kept, logger })
  onStop('snapshots', () => snapshots.close())
  const handler = new CommandHandler({ store, snapshots })
  class CommandApi {}
  return {
    module: {
      module: CommandApi,
      controllers: [...controllersOf(handler, config.HEADWATER_QUERIES_URL)],
      providers: [
        { provide: CommandHandler, useValue: handler },
        { provide: BulkCommands, useValue: new BulkCommands(domains, handler, logger) },
        { provide: REPORTS, useValue: reportsOf(domains) },
        { provide: LOG_HEAD, useValue: headOf(store) },
      ],
    },
    authenticator: await createAuthenticator({
      jwksUrl: config.HEADWATER_JWKS_URL,
      issuer: config.HEADWATER_JWT_ISSUER,
      audience: config.HEADWATER_JWT_AUDIENCE,
      aggregates: aggregateNames(domains),
    }),
    configure: async (app) => {
      takeLines(app)
      await serveDocs(app, page())
    },
  }
})
