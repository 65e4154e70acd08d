import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { io, type Socket } from 'socket.io-client'
import { type InstanceStatus, type Status as SystemStatus } from '#local-runtime'
import { issueToken, type TokenRole } from '#runtime'
import { eventually } from '../eventually.js'
import { testServers } from '../servers/test-servers.js'

const MIN_POSITION = 'headwater-min-position'
/** What asks to be asked again. */
const LATE = new Set<unknown>(['not-fresh-enough', 'unavailable'])

export interface Answer<T = Record<string, unknown>> {
  readonly status: number
  readonly headers: Headers
  readonly body: T
}

export interface RequestOptions {
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is when it is text, else as JSON. */
  readonly body?: unknown
}

/** Of a system in which everything runs. */
export interface Status extends SystemStatus {
  readonly instances: readonly Instance[]
}

export interface Instance extends InstanceStatus {
  readonly pid: number
}

/** A running system, as a client of it sees it that reads its own writes: it hands back the newest position it was told. */
export class System {
  /** The newest position that an answer named. */
  private told = 0n

  readonly commands: string
  readonly queries: string
  private readonly controller: string
  private constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly folder: string,
    base: number,
    readonly token: string,
  ) {
    this.commands = `http://127.0.0.1:${base + 1}`
    this.queries = `http://127.0.0.1:${base + 2}`
    this.controller = `http://127.0.0.1:${base + 3}`
  }

  /** The one that `npm test` has started. */
  static async open(): Promise<System> {
    await testServers()
    return System.at(process.env)
  }

  /** @param env that it was started with. */
  static async at(env: NodeJS.ProcessEnv): Promise<System> {
    const { HEADWATER_DATA: folder = '', HEADWATER_PORT_BASE: base = '' } = env
    const token = await issueToken(join(folder, 'keys'), { role: 'operator', ttl_s: 3_600 })
    return new System(env, folder, Number(base), token)
  }

  async tokenFor(role: TokenRole, books?: readonly string[], ttl_s = 3_600): Promise<string> {
    return issueToken(join(this.folder, 'keys'), { role, ttl_s, ...(books ? { restrict: { books } } : {}) })
  }

  async send(method: string, url: string, options: RequestOptions = {}): Promise<Answer> {
    const { body, headers = {}, token = this.token } = options
    const response = await fetch(url, {
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: parsed(text) }
  }

  async post(path: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    const answer = await this.send('POST', this.commands + path, { ...options, body })
    if (answer.status === 201) this.hear(answer.body['position'])
    return answer
  }

  /**
   * An answer at least as new as what this client was told before, and as the position that `headers` names. When nothing
   * fresh enough answers in time, or nothing at all, it asks again for a position that it was told: that one must come.
   */
  async get(path: string, options: RequestOptions = {}): Promise<Answer> {
    const given = options.headers?.[MIN_POSITION]
    const isOlder = given === undefined || (/^\d+$/.test(given) && BigInt(given) < this.told)
    const headers = { ...options.headers, [MIN_POSITION]: isOlder ? this.newest : given }
    const { searchParams } = new URL(path, this.queries)
    const asked = [headers[MIN_POSITION], searchParams.get('at')].filter((each) => /^\d+$/.test(each ?? ''))
    const isTold = asked.every((each) => BigInt(each ?? 0) <= this.told)
    const ask = (): Promise<Answer> => this.send('GET', this.queries + path, { ...options, headers })
    const isLate = ({ status, body }: Answer): boolean => status === 503 && LATE.has(body['code'])
    let answer = await ask()
    if (isTold && isLate(answer))
      answer = await eventually(`${path} is fresh enough`, async () => {
        const later = await ask()
        return !isLate(later) && later
      })
    this.hear(answer.headers.get('headwater-position'))
    return answer
  }

  get newest(): string {
    return this.told.toString()
  }

  private hear(position: unknown): void {
    if (typeof position === 'string' && BigInt(position) > this.told) this.told = BigInt(position)
  }

  /** Asks until a controller answers: it may just have been killed. */
  async status(): Promise<Status> {
    return eventually('the controller answers', async () => {
      const { status, body } = await this.send('GET', `${this.controller}/v1/status`)
      return status === 200 && (body as unknown as Status)
    })
  }

  /** A book of this test's own with these accounts open and readable. @returns its name. */
  async newBook(...accounts: readonly string[]): Promise<string> {
    const book = `t${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`
    let opened = await this.post('/v1/ledger/books', { book })
    for (const account of accounts) opened = await this.post(`/v1/ledger/books/${book}/accounts`, { account })
    // Whoever has the name may read the book.
    const position = String(opened.body['position'])
    await this.get(`/v1/ledger/books/${book}`, { headers: { 'headwater-min-position': position } })
    return book
  }

  /** A connected socket of `/live`. Close it. */
  async live(token = this.token): Promise<Socket> {
    const socket = io(`${this.queries}/live`, { auth: { token }, transports: ['websocket'], reconnection: false })
    await new Promise<void>((done, fail) => {
      socket.once('connect', done)
      socket.once('connect_error', fail)
    })
    return socket
  }

  /**
   * Subscribes to what is at least as new as what this client was told before, or as `minPosition` says; again and again while nothing is.
   *
   * @returns the acknowledgement.
   */
  async subscribe(
    socket: Socket,
    request: { readonly resource: string; readonly minPosition?: string; readonly after?: string },
  ): Promise<Record<string, unknown> & { readonly ok: boolean }> {
    return eventually(`${request.resource} is fresh enough`, async () => {
      const asked: unknown = await socket.emitWithAck('subscribe', { minPosition: this.newest, ...request })
      const answer = asked as { readonly ok: boolean; readonly problem?: { readonly code: string } }
      return answer.problem?.code !== 'not-fresh-enough' && { ...answer }
    })
  }

  /** Runs the CLI. @returns what it printed, whatever its exit status. */
  async cli(
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const command = join(resolve('.'), 'bin', 'headwater')
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [command, ...args], { env: this.env })
      return { code: 0, stdout, stderr }
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
      return { code, stdout, stderr }
    }
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { text }
  }
}

/** Two postings that move an amount from `b` to `a`. */
export function move(id: string, amount: string, more: object = {}): object {
  const from = amount.startsWith('-') ? amount.slice(1) : `-${amount}`
  const postings = [
    { account: 'a', amount, commodity: 'EUR' },
    { account: 'b', amount: from, commodity: 'EUR' },
  ]
  return { id, date: '2026-11-23', postings, ...more }
}
