import { type Socket } from 'node:net'
import { type ProblemCode } from '../problem/catalogue.js'
import { Problem } from '../problem/problem.js'

const CODES: Readonly<Record<string, readonly [code: ProblemCode, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'all headers together are at most 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'send the whole request within the time that the server waits'],
}

/** Answers what is not even a request: no route, no filter and no reply exist yet, only the socket. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [code, detail] = CODES[error.code ?? ''] ?? ['malformed-request', 'the request cannot be parsed']
  const problem = Problem.of(code, detail)
  const body = JSON.stringify(problem.details('/'))
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
