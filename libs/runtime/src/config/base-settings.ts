import { choice, integer, port, text, url } from './setting.js'

/** What every process is told. */
export const baseSettings = {
  HEADWATER_INSTANCE: text({ description: 'name of this instance, unique in the system: command-api-1' }),
  HEADWATER_HOST: text({ description: 'address to listen on', default: '127.0.0.1' }),
  HEADWATER_PORT: port({ description: 'HTTP port of this process' }),
  HEADWATER_DATA: text({ description: 'folder of everything durable' }),
  LOG_LEVEL: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'], {
    description: 'least severe level that is logged',
    default: 'info',
  }),
  HEADWATER_DRAIN_MS: integer({
    description: 'longest a planned stop may take, in ms',
    default: 15_000,
    min: 0,
    max: 600_000,
  }),
} as const

/** What a process that answers users is told about tokens. */
export const authSettings = {
  HEADWATER_JWKS_URL: url({
    description: 'key set that tokens are checked with',
    schemes: ['file', 'http', 'https'],
  }),
  HEADWATER_JWT_ISSUER: text({ description: 'issuer (iss) that tokens must name', default: 'headwater' }),
  HEADWATER_JWT_AUDIENCE: text({ description: 'audience (aud) that tokens must name', default: 'headwater' }),
} as const

export const readModelSettings = {
  PRIMARY_URL: url({ description: 'database of the read models', schemes: ['postgres', 'postgresql'] }),
} as const

export const redisSettings = {
  REDIS_URL: url({ description: 'Redis for cache, change feed and queues', schemes: ['redis', 'rediss'] }),
} as const
