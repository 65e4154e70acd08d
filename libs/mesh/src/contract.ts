import { type AllowList } from './allow-list/allow-list.js'
import { type Identity, type Role } from './identity/identity.js'
import { type Limits } from './limits.js'
import { type Logger } from './logger.js'

/** Who is on the other side, as the allow-list says. */
export interface Peer {
  readonly role: Role
  readonly instance: string
  /** Base64 of SHA-256 of the peer's SubjectPublicKeyInfo. */
  readonly spki: string
}

export interface RequestContext {
  readonly peer: Peer
  /** Aborts when the caller cancels, its deadline passes, or the connection breaks. */
  readonly signal: AbortSignal
  /** When the caller gives up, in ms as `performance.now()` counts here. */
  readonly deadline_ms: number
}
export type RequestHandler = (payload: unknown, context: RequestContext) => Promise<unknown>

export interface StreamContext {
  readonly peer: Peer
  /** Aborts when the subscriber leaves, the connection breaks, or the server drains. */
  readonly signal: AbortSignal
  /** Sends one item; resolves when the subscriber's credit allows it. @throws LinkError `closed` once aborted. */
  write(item: unknown): Promise<void>
}
/** Runs until it returns (the subscription ends), throws (it fails with that error) or is aborted. */
export type StreamHandler = (payload: unknown, stream: StreamContext) => Promise<void>

export interface ListenOptions {
  readonly host: string
  /** 0 for a free one. */
  readonly port: number
  readonly identity: Identity
  readonly allowList: AllowList
  /** Roles that may connect here, if their key is on the allow-list for that role. */
  readonly accept: readonly Role[]
  readonly requests: Readonly<Record<string, RequestHandler>>
  readonly streams?: Readonly<Record<string, StreamHandler>>
  readonly limits?: Partial<Limits>
  readonly logger?: Logger
}

export interface LinkServer {
  readonly port: number
  /** The peers whose links are up. */
  readonly connections: readonly Peer[]
  /**
   * Stops accepting, tells every peer to move on, lets requests in flight finish for at most `drain_ms` (default 0),
   * then closes all sockets.
   */
  close(options?: { readonly drain_ms?: number }): Promise<void>
}

export interface ConnectOptions {
  /** `host:port`, tried in turn. */
  readonly endpoints: readonly string[]
  readonly identity: Identity
  readonly allowList: AllowList
  /** The role the peer must have on the allow-list. */
  readonly role: Role
  readonly limits?: Partial<Limits>
  readonly logger?: Logger
}

export type LinkState = 'connecting' | 'up' | 'closed'

export interface RequestOptions {
  /** Default 30 s; waiting for a connection counts. */
  readonly timeout_ms?: number
  readonly signal?: AbortSignal
}

export interface SubscribeOptions {
  readonly signal?: AbortSignal
  /** Items the server may send ahead of the reader. Default 256. */
  readonly credit?: number
}

/** One maintained socket to one peer at a time. Requests never open another, and are never repeated by the link. */
export interface Link {
  readonly state: LinkState
  /**
   * Requests of one tick travel in one frame; do not change `payload` before the tick ends. Any plain data passes:
   * bigint, Date, Map, Set, Buffer and Uint8Array (both arrive as Buffer), undefined.
   *
   * @throws LinkError when the link fails it, RemoteError when the handler does.
   */
  request(method: string, payload: unknown, options?: RequestOptions): Promise<unknown>
  /**
   * Opens a subscription when it is first read. It ends with the handler, and fails with LinkError `unavailable` when
   * the socket breaks: where to go on from is the subscriber's knowledge. Leaving the loop cancels it.
   */
  subscribe(method: string, payload: unknown, options?: SubscribeOptions): AsyncIterable<unknown>
  /** @returns how to stop listening. */
  onState(listener: (state: LinkState) => void): () => void
  /** Fails what is pending with `closed` and ends the socket. */
  close(): Promise<void>
}
