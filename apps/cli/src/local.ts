import { join } from 'node:path'
import { type DataLayout, dataLayout, type LocalConfig, localSettings, type Ports, portsFrom } from '#local-runtime'
import { issueToken, parseConfig, projectRoot, type TokenRole } from '#runtime'

/** What the CLI knows about the instance of the product that the environment points at. */
export interface Local {
  readonly config: LocalConfig
  readonly layout: DataLayout
  readonly ports: Ports
  readonly controllerUrl: string
}

/** @throws ConfigError for a wrong environment. */
export function local(): Local {
  const given = parseConfig(localSettings, process.env)
  const folder = given.HEADWATER_DATA
  const isDefault = (process.env['HEADWATER_DATA'] ?? '') === ''
  const config = { ...given, HEADWATER_DATA: isDefault ? join(projectRoot(), folder) : folder }
  const ports = portsFrom(config.HEADWATER_PORT_BASE)
  return {
    config,
    layout: dataLayout(config.HEADWATER_DATA),
    ports,
    controllerUrl: `http://127.0.0.1:${ports.controller}`,
  }
}

/** A year, in s. */
export const TOKEN_TTL_S_MAX = 31_536_000

export interface TokenOptions {
  readonly role?: TokenRole
  readonly books?: readonly string[]
  /** Default 3,600. */
  readonly ttl_s?: number
}

export async function localToken({ layout, config }: Local, options: TokenOptions = {}): Promise<string> {
  const { role = 'operator', books, ttl_s = 3_600 } = options
  return issueToken(layout.keys, {
    role,
    ttl_s,
    issuer: config.HEADWATER_JWT_ISSUER,
    audience: config.HEADWATER_JWT_AUDIENCE,
    ...(books ? { restrict: { books } } : {}),
  })
}

/** The controller accepts the local key whatever the APIs are told to accept. @param ttl_s of what goes on for longer than one answer */
export async function operatorToken({ layout }: Local, ttl_s = 60): Promise<string> {
  return issueToken(layout.keys, { role: 'operator', ttl_s })
}
