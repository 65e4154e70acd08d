import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DynamicModule } from '@nestjs/common'
import { type NestFastifyApplication } from '@nestjs/platform-fastify'
import { Registry } from 'prom-client'
import { aggregateNames } from '#domain-kit'
import { domains } from '#domains'
import {
  createAuthenticator,
  createHttpServer,
  ensureLocalKey,
  Health,
  type HttpServerOptions,
  issueToken,
  localJwksUrl,
  type TokenRequest,
} from '#runtime'
import { silentLogger } from '../silent-logger.js'
import { freePort } from './free-port.js'

/** An HTTP server as the roles have it, in this process, with a few controllers of theirs. */
export interface TestApi {
  readonly port: number
  readonly url: string
  /** Of an operator, who may do everything. */
  readonly token: string
  /** Another one: an operator's, for 600 s, but for what is asked for. */
  issue(request: Partial<TokenRequest>): Promise<string>
  close(): Promise<void>
}

export interface TestApiOptions
  extends Pick<DynamicModule, 'controllers' | 'providers'>, Pick<HttpServerOptions, 'idle_ms_max'> {
  /** What a role would do before it listens. */
  readonly configure?: (app: NestFastifyApplication) => void
}

export async function testApi({ configure, idle_ms_max, ...parts }: TestApiOptions): Promise<TestApi> {
  const keys = await mkdtemp(join(tmpdir(), 'headwater-keys-'))
  await ensureLocalKey(keys)
  class Api {}
  const server = await createHttpServer({
    module: { module: Api, ...parts },
    authenticator: await createAuthenticator({
      jwksUrl: localJwksUrl(keys),
      issuer: 'headwater',
      audience: 'headwater',
      aggregates: aggregateNames(domains),
    }),
    ...{ health: new Health(), metrics: new Registry(), logger: silentLogger() },
    ...(idle_ms_max === undefined ? {} : { idle_ms_max }),
  })
  configure?.(server.app)
  const port = await freePort()
  await server.listen(port, '127.0.0.1')
  const issue: TestApi['issue'] = (request) => issueToken(keys, { role: 'operator', ttl_s: 600, ...request })
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    token: await issue({}),
    issue,
    close: async () => {
      await server.close(0)
      await rm(keys, { recursive: true, force: true })
    },
  }
}
