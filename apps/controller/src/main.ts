import 'reflect-metadata'
import { join } from 'node:path'
import { aggregateNames } from '#domain-kit'
import { domains } from '#domains'
import { localPlan, localSettings, removePidFile, startedWith, writePidFile } from '#local-runtime'
import { createAuthenticator, localJwksUrl, reasonOf, startService } from '#runtime'
import { Directory } from './status.js'
import { StatusController } from './status-controller.js'
import { Supervisor } from './supervisor.js'

/** Supervises the local processes and answers who is where. Its own end, planned or not, stops nobody. */
await startService('controller', localSettings, async ({ config, logger, onStop }) => {
  const plan = await localPlan(config, (text) => logger.warn({}, text))
  const supervisor = new Supervisor(plan, logger)
  const self = {
    instance: config.HEADWATER_INSTANCE,
    url: `http://${config.HEADWATER_HOST}:${config.HEADWATER_PORT}`,
    startedWith: startedWith(config),
  }
  const pidFile = join(plan.layout.run, `${config.HEADWATER_INSTANCE}.json`)
  onStop('pid file', () => removePidFile(pidFile))
  onStop('supervisor', () => supervisor.release())
  class ControllerModule {}
  return {
    module: {
      module: ControllerModule,
      controllers: [StatusController],
      providers: [
        { provide: Supervisor, useValue: supervisor },
        { provide: Directory, useValue: new Directory(plan, supervisor, self) },
      ],
    },
    // Whoever holds the port is the controller: one that comes too late must not leave its name here and die.
    onListening: () => {
      writePidFile(pidFile, process.pid, { portBase: config.HEADWATER_PORT_BASE })
        .then(() => supervisor.start())
        .catch((error: unknown) => {
          // Without its pid file nobody would find it, and nobody else would get the port.
          logger.fatal({ reason: reasonOf(error) }, 'the start failed')
          process.exit(1)
        })
    },
    authenticator: await createAuthenticator({
      jwksUrl: localJwksUrl(plan.layout.keys),
      issuer: 'headwater',
      audience: 'headwater',
      aggregates: aggregateNames(domains),
    }),
  }
})
