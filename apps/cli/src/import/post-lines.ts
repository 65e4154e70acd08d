import { type Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { readRetryAfter_ms } from './retry.js'
import { splitLines } from '../split-lines.js'
import { problemText, readProblem } from './problem.js'

/** Longest line of an answer, in characters: it echoes a key and carries at most one problem. */
const ANSWER_CHARS_MAX = 1024 * 1024

/** How much of a refusal's body is read. */
const REFUSAL_CHARS_MAX = 64 * 1024

/** Nothing is known of what the server did after the last answer; the same lines may be sent again. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
  /** `retryAfter_ms`: how long the server asked to wait, 0 if it did not say. */
  constructor(
    message: string,
    readonly retryAfter_ms = 0,
  ) {
    super(message)
  }
}

/** The server answered the whole request, not its lines, and will not answer otherwise if asked again. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused'
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

export interface PostOptions {
  readonly url: URL
  readonly token: string
  readonly agent: Agent
  /** Silence on the connection after which it counts as lost. */
  readonly silence_ms_max: number
  readonly signal: AbortSignal | undefined
}

/**
 * Posts NDJSON and hands on each whole line of the answer as it arrives. The request is one body of known length:
 * whoever stands between may hold it until it is whole without either side waiting for the other for ever.
 *
 * @throws ConnectionLost when the connection breaks, falls silent or the answer is 408, 429 or 5xx.
 * @throws RequestRefused for any other answer but 200.
 */
export async function* postLines(body: Buffer, options: PostOptions): AsyncGenerator<string> {
  const response = await send(body, options)
  response.setEncoding('utf8')
  try {
    if (response.statusCode !== 200) throw await refusal(response)
    const lines = splitLines(response as AsyncIterable<string>, ANSWER_CHARS_MAX)
    for await (const { line, unfinished } of lines) if (!unfinished && line !== '') yield line
  } catch (error) {
    throw options.signal?.aborted === true ? error : asLost(error)
  } finally {
    response.destroy()
  }
}

function send(body: Buffer, { url, token, agent, silence_ms_max, signal }: PostOptions): Promise<IncomingMessage> {
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-ndjson',
      'content-length': body.length,
      accept: 'application/x-ndjson, application/problem+json',
    }
    const request = start(url, { method: 'POST', agent, headers, ...(signal ? { signal } : {}) })
    request.setTimeout(silence_ms_max, () => {
      request.destroy(new ConnectionLost(`nothing was heard from ${url.host} for ${silence_ms_max} ms`))
    })
    request.once('response', resolve)
    // Stays for the life of the request: an error after the answer began also reaches the answer's reader.
    request.on('error', (error) => reject(signal?.aborted === true ? error : asLost(error)))
    request.end(body)
  })
}

function asLost(error: unknown): Error {
  if (error instanceof ConnectionLost || error instanceof RequestRefused) return error
  if (error instanceof RangeError) return new RequestRefused(200, `the answer is not NDJSON: ${error.message}`)
  const { code, message } = error as NodeJS.ErrnoException
  return new ConnectionLost(`the connection was lost: ${message || (code ?? 'unknown')}`)
}

async function refusal(response: IncomingMessage): Promise<Error> {
  const status = response.statusCode ?? 0
  let body = ''
  for await (const part of response as AsyncIterable<string>) {
    body += part
    if (body.length > REFUSAL_CHARS_MAX) break
  }
  const text = problemText(status, readProblem(parsed(body)))
  if (status !== 408 && status !== 429 && status < 500) return new RequestRefused(status, text)
  return new ConnectionLost(text, readRetryAfter_ms(response.headers['retry-after'], Date.now()))
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
