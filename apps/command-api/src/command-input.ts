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

/** From a request: path parameters other than the target are fields of the body that the path names. */
export function fromPath(
  domain: Domain,
  command: AnyCommand,
  params: Readonly<Record<string, string>>,
  sent: unknown,
): CommandInput {
  const { name } = command.aggregate
  const body: Record<string, unknown> = { ...asObject(sent) }
  for (const param of parseRoute(domain.prefix, command.route).params) {
    const value = checkParam(param, params[param] ?? '')
    if (param === name) continue
    if (body[param] !== undefined && body[param] !== value)
      throw refuse(param, `${param} is in the path already, with another value`)
    body[param] = value
  }
  const checked = validateDto(command.body, body, 'body')
  const target = params[name] ?? (body[name] as string)
  return { target: checkId(command.aggregate, target), body: checked }
}

/** From a bulk line: the target stands beside the body, which holds everything else. */
export function fromLine(domain: Domain, command: AnyCommand, target: unknown, sent: unknown): CommandInput {
  const { name } = command.aggregate
  const id = checkId(command.aggregate, target)
  const body = asObject(sent)
  const inPath = parseRoute(domain.prefix, command.route).params.includes(name)
  if (inPath) return { target: id, body: validateDto(command.body, body, 'body') }
  if (body[name] !== undefined && body[name] !== id)
    throw refuse(name, `${name} is the target already, with another value`)
  return { target: id, body: validateDto(command.body, { ...body, [name]: id }, 'body') }
}

/** @throws Problem `forbidden` */
export function authorize(principal: Principal, command: AnyCommand, target: string): void {
  const { name } = command.aggregate
  if (!mayTouch(principal, name, target)) throw Problem.of('forbidden', `the token does not cover ${name} "${target}"`)
}
