/** Raised whenever a message changes meaning. Peers of different versions do not link up. */
export const PROTOCOL_VERSION = 3

/**
 * A frame is a 4-byte big-endian length and a msgpack array of messages; a message is an array whose first item is its
 * kind. Ids are chosen by the client and unique on the connection, for requests and streams alike.
 */
export const Kind = {
  hello: 1,
  welcome: 2,
  ping: 3,
  /** Server: "I am draining; finish what is pending here, send what is new elsewhere". */
  goAway: 4,
  request: 5,
  result: 6,
  /** The handler failed. */
  failure: 7,
  /** The link refused; no handler ran. */
  refusal: 8,
  cancel: 9,
  subscribe: 10,
  item: 11,
  credit: 12,
  end: 13,
} as const

export type Hello = readonly [typeof Kind.hello, version: number, role: string, instance: string]
export type Welcome = readonly [typeof Kind.welcome, version: number, role: string, instance: string]
export type Ping = readonly [typeof Kind.ping]
export type GoAway = readonly [typeof Kind.goAway]
export type Request = readonly [typeof Kind.request, id: number, method: string, timeout_ms: number, payload: unknown]
export type Result = readonly [typeof Kind.result, id: number, value: unknown]
export type Failure = readonly [
  typeof Kind.failure,
  id: number,
  code: string,
  message: string,
  retryable: boolean,
  details: unknown,
]
export type Refusal = readonly [typeof Kind.refusal, id: number, kind: 'overloaded' | 'refused', message: string]
export type Cancel = readonly [typeof Kind.cancel, id: number]
export type Subscribe = readonly [typeof Kind.subscribe, id: number, method: string, credit: number, payload: unknown]
export type Item = readonly [typeof Kind.item, id: number, value: unknown]
export type Credit = readonly [typeof Kind.credit, id: number, more: number]
export type End = readonly [typeof Kind.end, id: number]

export type FromClient = Hello | Ping | Request | Cancel | Subscribe | Credit
export type FromServer = Welcome | Ping | GoAway | Result | Failure | Refusal | Item | End
export type Message = FromClient | FromServer
