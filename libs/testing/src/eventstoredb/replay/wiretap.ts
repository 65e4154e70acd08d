import { type ServerInterceptor, ServerInterceptingCall } from '@grpc/grpc-js'
import { type Json } from './json.js'

export interface WireRpc {
  readonly method: string
  /** The name of the connection; calls that the client makes for itself have none. */
  connection: string | undefined
  readonly metadata: { readonly [name: string]: readonly string[] }
  readonly requests: Json[]
  readonly responses: Json[]
  status:
    { readonly code: number; readonly details: string; readonly trailers: Readonly<Record<string, Json>> } | undefined
}

interface Message {
  toObject(): object
}

/** Writes down what a double hears and says, in the form of the records. */
export class Wiretap {
  readonly rpcs: WireRpc[] = []

  readonly interceptor: ServerInterceptor = (method, call) => {
    const metadata: Record<string, string[]> = {}
    const rpc: WireRpc = {
      method: method.path.split('/').at(-1) ?? '',
      connection: undefined,
      metadata,
      requests: [],
      responses: [],
      status: undefined,
    }
    this.rpcs.push(rpc)
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (received, pass) => {
            rpc.connection = received.get('connection-name')[0]?.toString()
            const required = received.get('requires-leader')
            if (required.length > 0) metadata['requires-leader'] = required.map(String)
            pass(received)
          },
          onReceiveMessage: (message, pass) => {
            rpc.requests.push(decoded(message as Message))
            pass(message)
          },
        }),
      sendMessage: (message, pass) => {
        rpc.responses.push(decoded(message as Message))
        pass(message)
      },
      sendStatus: (status, pass) => {
        const trailers = Object.entries(status.metadata?.toJSON() ?? {}).map(([name, values]) => [
          name,
          values.map(String),
        ])
        rpc.status = {
          code: status.code,
          details: status.details,
          trailers: Object.fromEntries(trailers) as Record<string, Json>,
        }
        pass(status)
      },
    })
  }
}

const decoded = (message: Message): Json => JSON.parse(JSON.stringify(message.toObject(), withoutEmptyLists)) as Json

const withoutEmptyLists = (_key: string, value: unknown): unknown =>
  Array.isArray(value) && value.length === 0 ? undefined : value
