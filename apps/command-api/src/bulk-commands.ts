import { parse } from 'secure-json-parse'
import { type AnyCommand, type Domain, type EventMetadata, qualifiedName } from '#domain-kit'
import { type CommandHandler } from '#commands'
import { causedBy, checkKey } from '#http-api'
import {
  atExpiry,
  expiredMeanwhile,
  inBrief,
  isExpired,
  type Logger,
  OnceAMinute,
  type Principal,
  Problem,
  problemFrom,
  type ProblemDetails,
  reasonOf,
} from '#runtime'
import { answer } from './answer.js'
import { AnswerQueue } from './answer-queue.js'
import { type Line } from './bulk-lines.js'
import { authorize, inputReader, type InputReader } from './command-input.js'

/** Lines read but not yet answered; a client that does not read its answers is not read from either. */
const WINDOW = 1_024
/** In characters, of these lines and of the answers that are not read yet. */
const WINDOW_LENGTH = 4_194_304
const PATH = '/v1/commands'

export interface LineResult {
  readonly key: string | null
  readonly status: number
  readonly position?: string
  readonly replayed?: true
  readonly problem?: ProblemDetails
}

/** Whose lines they are. */
export interface Caller {
  readonly principal: Principal
  readonly metadata: EventMetadata
}

interface Known {
  readonly domain: Domain
  readonly command: AnyCommand
  readonly input: InputReader
}

const FIELDS = new Set(['key', 'command', 'target', 'body'])

/** Commands of many streams, one a line, answered in order. A bad line is answered and the next one read. */
export class BulkCommands {
  private readonly commands = new Map<string, Known>()
  private readonly told = new OnceAMinute()

  constructor(
    domains: readonly Domain[],
    private readonly handler: Pick<CommandHandler, 'execute'>,
    private readonly logger: Pick<Logger, 'error'>,
  ) {
    for (const domain of domains)
      for (const command of domain.commands)
        this.commands.set(qualifiedName(domain, command), { domain, command, input: inputReader(domain, command) })
  }

  /**
   * Each line is a cause of its own. When the token expires that is the last answer, and no line after it is read.
   *
   * @returns the answers, a line each, many in one piece.
   */
  async *run(lines: AsyncIterable<readonly Line[]>, caller: Caller): AsyncGenerator<string> {
    const answers = new AnswerQueue(WINDOW, WINDOW_LENGTH)
    const callOff = atExpiry(caller.principal, () => endExpired(answers))
    void this.read(lines, answers, caller)
    try {
      for (let piece = await answers.take(); piece !== undefined; piece = await answers.take()) yield piece
    } finally {
      callOff()
      answers.abandon()
    }
  }

  private async read(lines: AsyncIterable<readonly Line[]>, answers: AnswerQueue, caller: Caller): Promise<void> {
    try {
      for await (const together of lines)
        for (const line of together) {
          for (let room = answers.room(); room; room = answers.room()) await room
          if (isExpired(caller.principal)) endExpired(answers)
          if (answers.isClosed) return
          const settle = answers.open(typeof line === 'string' ? line.length : 0)
          void this.one(line, caller).then((result) => settle(textOf(result)))
        }
    } catch (error) {
      if (answers.isClosed) return
      answers.open()(textOf(failed(null, error)))
    }
    answers.end()
  }

  private async one(line: Line, { principal, metadata }: Caller): Promise<LineResult> {
    let key: string | null = null
    let called = ''
    try {
      const { key: given, command: name, target, body } = fieldsOf(line)
      key = typeof given === 'string' ? given.slice(0, 255) : null
      checkKey('key', given)
      if (typeof name !== 'string') throw wrong('command', 'command must be the name of a command')
      const known = this.commands.get(name)
      if (!known) throw wrong('command', `there is no command ${JSON.stringify(inBrief(name))}`)
      called = name
      const { domain, command } = known
      const input = known.input.fromLine(target, body)
      authorize(principal, command, input.target)
      const about = { command, name, target: input.target, body: input.body }
      const outcome = await this.handler.execute({
        ...about,
        key: key ?? '',
        metadata: causedBy(key ?? '', metadata),
        priority: 'bulk',
      })
      const { status, position, replayed } = answer(domain, command, outcome)
      return { key, status, position, ...(replayed ? { replayed } : {}) }
    } catch (error) {
      this.logBug(called, metadata, error)
      return failed(key, error)
    }
  }

  /** What is wrong for one line is wrong for a million of them: of each command it is said once a minute. */
  private logBug(command: string, { correlationId }: EventMetadata, error: unknown): void {
    if (problemFrom(error) || !this.told.isDue(command)) return
    const stack = error instanceof Error ? error.stack : undefined
    this.logger.error({ correlationId, command, reason: reasonOf(error), stack }, 'bug')
  }
}

const textOf = (result: LineResult): string => `${JSON.stringify(result)}\n`

/** The last answer: behind those that are on their way. */
function endExpired(answers: AnswerQueue): void {
  if (answers.isClosed) return
  const problem = expiredMeanwhile('send the lines that were not answered; none after this was read')
  answers.open()(textOf(failed(null, problem)))
  answers.end()
}

function wrong(field: string, message: string): Problem {
  return Problem.of('invalid-body', message, { errors: [{ field, rule: 'line', message }] })
}

function fieldsOf(line: Line): Readonly<Record<string, unknown>> {
  if (line instanceof Problem) throw line
  let value: unknown
  try {
    value = parse(line, undefined, { protoAction: 'error', constructorAction: 'error' })
  } catch (error) {
    throw Problem.of('malformed-json', error instanceof Error ? error.message : 'the line is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong('', 'a line must be a JSON object with key, command, target and body')
  for (const name of Object.keys(value))
    if (!FIELDS.has(name)) throw wrong(inBrief(name), `${inBrief(name)} is not a field of a line`)
  return value as Readonly<Record<string, unknown>>
}

function failed(key: string | null, error: unknown): LineResult {
  const problem =
    problemFrom(error) ??
    Problem.of('internal-error', 'this line failed by a bug of ours, which the log tells of once a minute')
  return { key, status: problem.status, problem: problem.details(PATH) }
}
