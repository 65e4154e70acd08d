import { type AnyCommand, type Domain, parseRoute } from '#domain-kit'
import { checkId, checkParam, validateDto } from '#http-api'
import { mayTouch, type Principal, Problem } from '#runtime'

export interface CommandInput {
  readonly target: string
  readonly body: object
}

function refuse(field: string, message: string): Problem {
  return Problem.of('invalid-body', message, { errors: [{ field, rule: 'path', message }] })
}

function asObject(body: unknown): Readonly<Record<string, unknown>> {
  if (body === undefined) return {}
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw Problem.of('invalid-body', 'the body must be a JSON object')
  return body as Readonly<Record<string, unknown>>
}

/** How the input of one command is read; what its declaration says of that is looked up once. */
export interface InputReader {
  /** From a request: path parameters other than the target are fields of the body that the path names. */
  fromPath(params: Readonly<Record<string, string>>, sent: unknown): CommandInput
  /** From a bulk line: the target stands beside the body, which holds everything else. */
  fromLine(target: unknown, sent: unknown): CommandInput
}

/** Both ways throw a Problem for what is not a valid command. */
export function inputReader({ prefix }: Domain, { aggregate, body: dto, route }: AnyCommand): InputReader {
  const { name } = aggregate
  const { params: names } = parseRoute(prefix, route)
  const isInPath = names.includes(name)
  const fields = names.filter((each) => each !== name)
  return {
    fromPath: (params, sent) => {
      for (const each of names) checkParam(each, params[each] ?? '')
      const body = withFields(asObject(sent), fields, params)
      const checked = validateDto(dto, body, 'body')
      const target = params[name] ?? (body[name] as string)
      return { target: checkId(aggregate, target), body: checked }
    },
    fromLine: (target, sent) => {
      const id = checkId(aggregate, target)
      const body = asObject(sent)
      if (isInPath) return { target: id, body: validateDto(dto, body, 'body') }
      if (body[name] !== undefined && body[name] !== id)
        throw refuse(name, `${name} is the target already, with another value`)
      return { target: id, body: validateDto(dto, { ...body, [name]: id }, 'body') }
    },
  }
}

function withFields(
  sent: Readonly<Record<string, unknown>>,
  fields: readonly string[],
  params: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  if (fields.length === 0) return sent
  const body: Record<string, unknown> = { ...sent }
  for (const field of fields) {
    if (body[field] !== undefined && body[field] !== params[field])
      throw refuse(field, `${field} is in the path already, with another value`)
    body[field] = params[field]
  }
  return body
}

/** @throws Problem `forbidden` */
export function authorize(principal: Principal, command: AnyCommand, target: string): void {
  const { name } = command.aggregate
  if (!mayTouch(principal, name, target)) throw Problem.of('forbidden', `the token does not cover ${name} "${target}"`)
}
