export { CommandHandler, type CommandHandlerOptions } from './command-handler.js'
export { canonicalJson, eventId, requestHash } from './identity.js'
export { type CommandRequest } from './job.js'
export { type CommandOutcome } from './outcome.js'
