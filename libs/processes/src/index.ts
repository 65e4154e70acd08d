export { type Checkpoints, type OpenCheckpoints, StaleTerm } from './checkpoints.js'
export { migrateProcesses } from './schema.js'
export { postgresCheckpoints } from './postgres-checkpoints.js'
export { type ProcessStatus, Reactor, type ReactorOptions } from './reactor.js'
