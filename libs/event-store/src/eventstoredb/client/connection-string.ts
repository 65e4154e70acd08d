/** What of a connection string is ours to decide unless the user has: short discoveries, so that a bad one is given up soon. */
const DEFAULTS: Readonly<Record<string, string>> = { maxDiscoverAttempts: '1', gossipTimeout: '2' }

/** The client's own default. */
const KEEP_ALIVE_MS = 10_000

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
 * `generation` asks for another keep-alive, so that a new client is a new connection.
 *
 * @param leader connect to this node, as a follower has said, instead of asking the cluster.
 */
export function connectionStringFor(url: string, generation: number, leader?: string): string {
  const { scheme, credentials, hosts, options } = parse(url)
  const given = new Set(options.map(([name]) => flat(name)))
  const ours = Object.entries({ ...DEFAULTS, keepAliveInterval: String(KEEP_ALIVE_MS + (generation % 5_000)) })
  const query = [...options, ...ours.filter(([name]) => !given.has(flat(name)))].map((each) => each.join('=')).join('&')
  return `${leader === undefined ? scheme : 'esdb'}://${credentials}${leader ?? hosts}?${query}`
}
