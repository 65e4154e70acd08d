import { type AppProcess, startApp } from './app-process.js'
import { type BenchWriter } from './event-writer.js'

/** What a service that checks the same tokens is told. */
export function authEnv({ jwksUrl }: BenchWriter): Readonly<Record<string, string>> {
  return { HEADWATER_DATA: '/nonexistent', HEADWATER_JWKS_URL: jwksUrl }
}

/** A command-api as the product runs it. @param ordinal 1 for the first instance, at most 3. */
export async function startCommandApi(writer: BenchWriter, ordinal = 1): Promise<AppProcess> {
  const access = writer.instances[ordinal - 1]
  if (!access) throw new RangeError(`there is no identity for instance ${ordinal}`)
  return startApp('command-api', 'apps/command-api/src/main.js', {
    ...authEnv(writer),
    HEADWATER_INSTANCE: `command-api-${ordinal}`,
    HEADWATER_QUERIES_URL: 'http://127.0.0.1:9',
    HEADWATER_WRITER: access.endpoint,
    HEADWATER_IDENTITY: access.identity,
    HEADWATER_ALLOW_LIST: access.allowList,
    EVENT_STORE_URL: access.url,
  })
}
