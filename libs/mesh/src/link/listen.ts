import { constants } from 'node:crypto'
import { createServer, type TLSSocket } from 'node:tls'
import { type LinkServer, type ListenOptions, type Peer } from '../contract.js'
import { limitsWith } from '../limits.js'
import { silent } from '../logger.js'
import { acceptedKey, TLS_OPTIONS } from './peer-check.js'
import { ServerConnection } from './server-connection.js'

/**
 * Accepts links from peers whose key is on the live allow-list for the role they claim. Recipe and traps: the TLS layer
 * only proves possession of a key; this code decides, by hand, on every new connection and on every change of the list.
 */
export async function listen(options: ListenOptions): Promise<LinkServer> {
  const limits = limitsWith(options.limits)
  const logger = options.logger ?? silent
  const connections = new Set<ServerConnection>()
  const server = createServer({
    ...TLS_OPTIONS,
    key: options.identity.keyPem,
    cert: options.identity.certPem,
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: limits.hello_ms,
    secureOptions: constants.SSL_OP_NO_TICKET,
  })
  server.maxConnections = limits.connections_max
  server.on('tlsClientError', (error) => logger.debug({ reason: error.message }, 'a TLS handshake failed'))
  let isClosing = false
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', (error: Error) => logger.debug({ reason: error.message }, 'link socket failed'))
    // Its handshake was under way: nobody would drain it.
    const key = isClosing ? 'closing' : acceptedKey(socket, options)
    if (typeof key === 'string') {
      logger.warn({ reason: key, address: socket.remoteAddress }, 'link refused')
      socket.destroy()
      return
    }
    const connection = new ServerConnection(socket, key, options, limits, logger)
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    get connections(): readonly Peer[] {
      return [...connections].flatMap(({ peer }) => (peer ? [peer] : []))
    },
    close: async ({ drain_ms = 0 } = {}) => {
      isClosing = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await Promise.all([...connections].map((connection) => connection.drain(drain_ms)))
      await closed
    },
  }
}
