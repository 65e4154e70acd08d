import { Metadata, Server, ServerCredentials, type ServerInterceptor, status } from '@grpc/grpc-js'
import { GossipService, ServerFeaturesService, StreamsService } from '../proto.js'
import { append } from '../rpc/append.js'
import { batchAppend } from '../rpc/batch-append.js'
import { deleteStream, tombstoneStream } from '../rpc/delete.js'
import { supportedMethods } from '../rpc/features.js'
import { clusterInfo } from '../rpc/gossip.js'
import { read } from '../rpc/read.js'
import { type Node } from './node.js'

/** What the server takes in one message: 16 MiB less what a record takes beside its data. */
const MESSAGE_MAX_BYTES = 16 * 1024 * 1024 - 10_000

/** A key and its certificate, both PEM. */
export interface TlsIdentity {
  readonly keyPem: string
  readonly certPem: string
}

export interface ServeOptions {
  readonly tls: TlsIdentity | undefined
  readonly tellsFeatures: boolean
  readonly interceptors: readonly ServerInterceptor[]
}

export interface Serving {
  readonly port: number
  stop(): void
}

/** Serves a node on a free port of this host. @param node  told at call time, since its link needs the port first. */
export async function serve(node: () => Node, options: ServeOptions): Promise<Serving> {
  const server = new Server({
    'grpc.max_receive_message_length': MESSAGE_MAX_BYTES,
    interceptors: [...options.interceptors],
  })
  server.addService(ServerFeaturesService, {
    getSupportedMethods: (_call: unknown, reply: Reply) => {
      if (options.tellsFeatures) reply(null, supportedMethods())
      else reply({ code: status.UNIMPLEMENTED, details: '', metadata: new Metadata() })
    },
  })
  server.addService(GossipService, {
    read: (_call: unknown, reply: Reply) => reply(null, clusterInfo(node())),
  })
  server.addService(StreamsService, {
    read: (call: Parameters<typeof read>[1]) => void read(node(), call),
    append: (call: Parameters<typeof append>[1], reply: Parameters<typeof append>[2]) => append(node(), call, reply),
    batchAppend: (call: Parameters<typeof batchAppend>[1]) => batchAppend(node(), call),
    delete: (call: Parameters<typeof deleteStream>[1], reply: Parameters<typeof deleteStream>[2]) =>
      deleteStream(node(), call, reply),
    tombstone: (call: Parameters<typeof tombstoneStream>[1], reply: Parameters<typeof tombstoneStream>[2]) =>
      tombstoneStream(node(), call, reply),
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentialsOf(options.tls), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
  return { port, stop: () => server.forceShutdown() }
}

function credentialsOf(tls: TlsIdentity | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure()
  return ServerCredentials.createSsl(null, [
    { private_key: Buffer.from(tls.keyPem), cert_chain: Buffer.from(tls.certPem) },
  ])
}

type Reply = (failure: object | null, response?: object) => void
