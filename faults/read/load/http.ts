import { type RunningSystem } from '#testing'

export interface HttpAnswer {
  readonly status: number
  /** Its JSON; undefined when it is none, as it came then. */
  readonly body: Readonly<Record<string, unknown>> | undefined
  readonly text: string
  header(name: string): string | null
}

/** A server that is paused takes a request and says nothing: what it holds so long is given up. */
const ANSWER_MS_MAX = 10_000

/** What says that there is no answer now, and perhaps soon. */
const PASSING = new Set([429, 503, 504])

/** Nobody answered, or not in time, or was told to come again. */
export const isPassing = (answer: HttpAnswer | undefined): boolean => !answer || PASSING.has(answer.status)

/** Asks a product over HTTP. Every method answers undefined when nobody did, or not to the end, or not in time. */
export class Http {
  constructor(private readonly system: Pick<RunningSystem, 'ports' | 'token'>) {}

  /** @param minPosition default none. */
  async get(path: string, minPosition?: bigint): Promise<HttpAnswer | undefined> {
    const token = minPosition === undefined ? {} : { 'headwater-min-position': minPosition.toString() }
    return this.ask(`http://127.0.0.1:${this.system.ports.queries}${path}`, { headers: { ...this.auth, ...token } })
  }

  /** @param key for the command; the same for each time it is sent. */
  async post(path: string, body: object, key: string): Promise<HttpAnswer | undefined> {
    return this.ask(`http://127.0.0.1:${this.system.ports.commands}${path}`, {
      method: 'POST',
      headers: { ...this.auth, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
    })
  }

  private get auth(): Record<string, string> {
    return { authorization: `Bearer ${this.system.token}` }
  }

  private async ask(url: string, request: RequestInit): Promise<HttpAnswer | undefined> {
    try {
      const response = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_MS_MAX) })
      const { status, headers } = response
      const text = await response.text()
      return { status, text, body: parsed(text), header: (name) => headers.get(name) }
    } catch {
      return undefined
    }
  }
}

function parsed(text: string): HttpAnswer['body'] {
  try {
    return JSON.parse(text) as HttpAnswer['body']
  } catch {
    return undefined
  }
}
