import { type Problem, readProblem } from './problem.js'

/** What the server said of one command. */
export type CommandResult =
  | { readonly kind: 'done'; readonly position: bigint | undefined; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly status: number; readonly problem: Problem }
  /** Not now: the same command may succeed later. */
  | { readonly kind: 'later'; readonly status: number; readonly problem: Problem }
  /** Nothing that was not answered before was read: the token has expired meanwhile. */
  | { readonly kind: 'ended'; readonly status: number; readonly problem: Problem }

/** The answers do not follow the protocol, so nobody can tell which command they are about. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

const LATER = new Set([429, 502, 503, 504])
const UNAUTHORIZED = 401

/**
 * Reads one line of the answer: `{"key", "status", "position"?, "replayed"?, "problem"?}`.
 *
 * @param key the command whose turn it is, if any is left. A line without a key is taken for its answer: a server that could not
 *   read a line cannot know the key in it. 401 is no answer to a command: whoever sends it reads no further.
 * @throws ProtocolError when the line is not such JSON, is about another command, or comes after all of them.
 */
export function readResult(line: string, key: string | undefined): CommandResult {
  const answer = parseObject(line)
  const about = answer['key'] ?? undefined
  const status = answer['status']
  if (typeof status !== 'number') throw new ProtocolError(`an answer has no status: ${line.slice(0, 200)}`)
  if (status === UNAUTHORIZED && about === undefined)
    return { kind: 'ended', status, problem: readProblem(answer['problem']) }
  if (key === undefined) throw new ProtocolError(`more answers than commands: ${line.slice(0, 200)}`)
  if (about !== key && about !== undefined)
    throw new ProtocolError(`the answer is about ${JSON.stringify(about)} where ${JSON.stringify(key)} was next`)
  if (status >= 200 && status < 300) {
    return { kind: 'done', position: readPosition(answer['position']), replayed: answer['replayed'] === true }
  }
  return { kind: LATER.has(status) ? 'later' : 'refused', status, problem: readProblem(answer['problem']) }
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new ProtocolError(`an answer is not JSON: ${line.slice(0, 200)}`)
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw new ProtocolError(`an answer is not an object: ${line.slice(0, 200)}`)
}

function readPosition(value: unknown): bigint | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && /^\d{1,19}$/.test(value)) return BigInt(value)
  throw new ProtocolError(`a position is a string of digits, not ${JSON.stringify(value)}`)
}
