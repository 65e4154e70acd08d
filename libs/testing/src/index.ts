export { eventually } from './eventually.js'
export { type PostgresWriter, postgresWriter, type PostgresWriterOptions } from './servers/postgres-writer.js'
export { tlsIdentity } from './servers/tls-identity.js'
export { type EventStoreDbSubject, eventStoreDbSubject, PATIENT } from './servers/event-store-db.js'
export { type ScratchDatabase, scratchDatabase } from './servers/scratch-database.js'
export { type ScratchRedis, scratchRedis } from './servers/scratch-redis.js'
export { type ScratchServers, scratchServers } from './servers/scratch-servers.js'
export { SilentLink } from './servers/silent-link.js'
export { testApi, type TestApi } from './servers/test-api.js'
export { freePort, isFree } from './servers/free-port.js'
export { type TemporaryPostgres, temporaryPostgres } from './servers/temporary-postgres.js'
export { type TemporaryRedis, temporaryRedis } from './servers/temporary-redis.js'
export { endsWithMe, temporaryFolder } from './servers/ends-with-me.js'
export { environmentOf, familyOf, signalAll, statOf } from './servers/processes.js'
export { plainFold } from './plain-fold.js'
export { type RunningSystem, startSystem } from './system/start-system.js'
export { testPool } from './servers/test-pool.js'
export { testServers, type TestServers } from './servers/test-servers.js'
export { shortLived } from './short-lived.js'
export { silentLogger } from './silent-logger.js'
export { checkLog } from './log-checker/check-log.js'
export { Tally } from './log-checker/tally.js'
export { type Fault, type LogCounts, type LogReport } from './log-checker/findings.js'
export { sightOf } from './log-checker/content.js'
export {
  type CheckInput,
  type Epochs,
  type Follower,
  type HandedBatch,
  type LogEvent,
  type Operation,
} from './log-checker/history.js'
export { PLANTED_BUGS, plantBug, type PlantedBug, type PlantedStore } from './log-checker/planted/plant-bug.js'
export {
  caughtUp,
  commandSender,
  MemoryCheckpoints,
  readLog,
  runReactor,
  type RunningReactor,
} from './processes/run-reactor.js'
export { Random } from './random.js'
export { sharedClock_ms } from './workload/record-append.js'
export { type ClientOptions, runClient } from './workload/run-client.js'
export { faultNamesOf, faultsOf } from './faults-of.js'
export { type EventStoreDouble } from './eventstoredb/double.js'
export { openEventStoreDouble } from './eventstoredb/open-double.js'
export { type EventStoreDoubleNode, type EventStoreDoubleOptions } from './eventstoredb/double-node.js'
export { documentedRoutes, routesOf } from './servers/routes-of.js'
