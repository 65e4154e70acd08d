/** What of a connection string is ours to decide unless the user has: short discoveries, so that a bad one is given up soon. */
const DEFAULTS: Readonly<Record<string, string>> = { maxDiscoverAttempts: '1', gossipTimeout: '2' }

/** The client's own default. */
const KEEP_ALIVE_MS = 10_000
/** What stands for none: the longest time that gRPC takes, 24 days. Whatever is longer means the same and is another option. */
const NO_KEEP_ALIVE_MS = 2 ** 31 - 1

/** The client takes `keep-alive_interval` for `keepAliveInterval`. */
const flat = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, '')

interface Parts {
  readonly scheme: string
  /** User and password with the `@`, or nothing. */
  readonly credentials: string
  readonly hosts: string
  readonly options: readonly (readonly [name: string, value: string])[]
}

function parse(url: string): Parts {
  const match = /^([^:]+):\/\/([^@/?]*@)?([^/?]+)\/?(?:\?(.*))?$/.exec(url)
  if (!match) throw new RangeError('the connection string of EventStoreDB must look like esdb://host:2113?tls=false')
  const [, scheme = '', credentials = '', hosts = '', query = ''] = match
  const options = query
    .split('&')
    .filter((each) => each !== '')
    .map((each) => each.split('=', 2) as [string, string])
  return { scheme, credentials, hosts, options }
}

/**
 * The connection string for one client object. Clients of equal options share one TCP connection, a dead one too: every
 * `generation` asks for another keep-alive, up to 5 s longer than the user's or the client's own, so that a new client is a new
 * connection.
 *
 * @param leader connect to this node, as a follower has said, instead of asking the cluster.
 */
export function connectionStringFor(url: string, generation: number, leader?: string): string {
  const { scheme, credentials, hosts, options } = parse(url)
  const given = new Map(options.map(([name, value]) => [flat(name), value]))
  const missing = Object.entries(DEFAULTS).filter(([name]) => !given.has(flat(name)))
  const keepAlive_ms = keepAliveOf(given.get(flat('keepAliveInterval'))) + (generation % 5_000)
  // Of an option that is given twice the client takes the last.
  const all = [...options, ...missing, ['keepAliveInterval', keepAlive_ms]]
  const query = all.map((each) => each.join('=')).join('&')
  return `${leader === undefined ? scheme : 'esdb'}://${credentials}${leader ?? hosts}?${query}`
}

/** @param given what the user says, as text: 0 and -1 are none. @throws RangeError for what is no integer. */
function keepAliveOf(given: string | undefined): number {
  if (given === undefined) return KEEP_ALIVE_MS
  const interval_ms = Number(given)
  if (!Number.isInteger(interval_ms) || interval_ms < -1)
    throw new RangeError('keepAliveInterval is a number of milliseconds, or -1 for none')
  return interval_ms > 0 ? interval_ms : NO_KEEP_ALIVE_MS
}
