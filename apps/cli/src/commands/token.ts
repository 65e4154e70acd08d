import { ROLE_SCOPES, type TokenRole } from '#runtime'
import { CliFailure } from '../failure.js'
import { local, localToken, TOKEN_TTL_S_MAX } from '../local.js'

function roleOf(value: string): TokenRole {
  const roles = Object.keys(ROLE_SCOPES) as TokenRole[]
  const role = roles.find((each) => each === value)
  if (!role) throw new CliFailure(`--role must be one of ${roles.join(', ')}, not "${value}"`)
  return role
}

/** Prints one token, and nothing else. Without a role it may do everything, with books everything with these. */
export async function token(options: { role?: string; books?: string; ttl: string }): Promise<number> {
  const ttl_s = Number(options.ttl)
  if (!Number.isInteger(ttl_s) || ttl_s < 1 || ttl_s > TOKEN_TTL_S_MAX)
    throw new CliFailure(`--ttl must be seconds from 1 to ${TOKEN_TTL_S_MAX}, not "${options.ttl}"`)
  const books = options.books
    ?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  const role = roleOf(options.role ?? (books ? 'writer' : 'operator'))
  const text = await localToken(local(), { role, ttl_s, ...(books ? { books } : {}) })
  process.stdout.write(`${text}\n`)
  return 0
}
