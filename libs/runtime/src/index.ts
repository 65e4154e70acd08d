export { type Authenticator, type AuthenticatorOptions, createAuthenticator } from './auth/authenticator.js'
export { atExpiry, expiredMeanwhile, type Expiring, isExpired } from './auth/expiry.js'
export { Caller, RequireScope, requireScope } from './auth/guard.js'
export {
  ensureLocalKey,
  issueToken,
  localJwksUrl,
  ROLE_SCOPES,
  type TokenRequest,
  type TokenRole,
} from './auth/local-key.js'
export { mayTouch, type Principal, type Scope } from './auth/principal.js'
export { authSettings, baseSettings, readModelSettings, redisSettings } from './config/base-settings.js'
export {
  ConfigError,
  type ConfigMistake,
  type ConfigOf,
  parseConfig,
  type Settings,
  withoutCredentials,
} from './config/parse-config.js'
export { projectRoot } from './config/project-root.js'
export * as setting from './config/setting.js'
export { settingsText } from './config/settings-text.js'
export { projectorTuning, queryTuning, writerTuning } from './config/tuning.js'
export { createFileAtomically, writeFileAtomically } from './files/atomic-file.js'
export { readJsonFile } from './files/json-file.js'
export { type RequestContext, contextOf } from './log/context.js'
export { createLogger, type Logger, reasonOf } from './log/logger.js'
export { OnceAMinute } from './log/once-a-minute.js'
export { goodbye } from './postgres/goodbye.js'
export { LOCKS } from './postgres/locks.js'
export { isServerAtFault } from './postgres/server-at-fault.js'
export { withClient } from './postgres/with-client.js'
export { type ProblemCode, PROBLEMS } from './problem/catalogue.js'
export { problemFrom } from './problem/from-error.js'
export { inBrief } from './problem/in-brief.js'
export { Problem, type ProblemDetails, type ProblemOptions } from './problem/problem.js'
export { Health, type HealthCheck, type Readiness } from './service/health.js'
export { BODY_BYTES_MAX, createHttpServer, type HttpServerOptions } from './service/http-server.js'
export { utf8Of } from './service/json-body.js'
export { parseQuery, type QueryParameters } from './service/query-string.js'
export { type ServiceContext, type ServiceParts, startService } from './service/start-service.js'
