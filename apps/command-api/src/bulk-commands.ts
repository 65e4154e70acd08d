import { parse } from 'secure-json-parse'
import { type AnyCommand, type Domain, type EventMetadata } from '#domain-kit'
import { type CommandHandler } from '#commands'
import { causedBy, checkKey } from '#http-api'
import { type Principal, Problem, problemFrom, type ProblemDetails } from '#runtime'
import { answer } from './answer.js'
import { AnswerQueue } from './answer-queue.js'
import { type Line } from './bulk-lines.js'
import { authorize, inputReader, type InputReader } from './command-input.js'

/** Lines read but not yet answered; a client that does not read its answers is not read from either. */
const WINDOW = 1_024
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

  constructor(
    domains: readonly Domain[],
    private readonly handler: CommandHandler,
  ) {
    for (const domain of domains)
      for (const command of domain.commands)
        this.commands.set(`${domain.name}.${command.name}`, { domain, command, input: inputReader(domain, command) })
  }

  /** Each line is a cause of its own. @returns the answers, a line each, many in one piece. */
  async *run(lines: AsyncIterable<readonly Line[]>, caller: Caller): AsyncGenerator<string> {
    const answers = new AnswerQueue(WINDOW)
    void this.read(lines, answers, caller)
    try {
      for (let piece = await answers.take(); piece !== undefined; piece = await answers.take()) yield piece
    } finally {
      answers.abandon()
    }
  }

  private async read(lines: AsyncIterable<readonly Line[]>, answers: AnswerQueue, caller: Caller): Promise<void> {
    const ask = (result: Promise<LineResult>): void => {
      const settle = answers.open()
      void result.then((each) => settle(`${JSON.stringify(each)}\n`))
    }
    try {
      for await (const together of lines)
        for (const line of together) {
          const room = answers.room()
          if (room) await room
          if (answers.isAbandoned) return
          ask(this.one(line, caller))
        }
    } catch (error) {
      ask(Promise.resolve(failed(null, error)))
    }
    answers.end()
  }

  private async one(line: Line, { principal, metadata }: Caller): Promise<LineResult> {
    let key: string | null = null
    try {
      const { key: given, command: name, target, body } = fieldsOf(line)
      key = typeof given === 'string' ? given.slice(0, 255) : null
      checkKey('key', given)
      const known = typeof name === 'string' ? this.commands.get(name) : undefined
      if (!known || typeof name !== 'string') throw wrong('command', `there is no command ${JSON.stringify(name)}`)
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
      return failed(key, error)
    }
  }
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
    if (!FIELDS.has(name)) throw wrong(name, `${name.slice(0, 100)} is not a field of a line`)
  return value as Readonly<Record<string, unknown>>
}

function failed(key: string | null, error: unknown): LineResult {
  const problem = problemFrom(error) ?? Problem.of('internal-error', 'this line failed; it was logged')
  return { key, status: problem.status, problem: problem.details(PATH) }
}
