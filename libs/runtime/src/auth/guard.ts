import { type CanActivate, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import { type FastifyRequest } from 'fastify'
import { Problem } from '../problem/problem.js'
import { type Authenticator, unauthorized } from './authenticator.js'
import { type Principal, type Scope } from './principal.js'

const SCOPE = 'headwater:scope'

/** What a token must allow to call this. A handler without it answers nobody. */
export const RequireScope = (scope: Scope): MethodDecorator & ClassDecorator => SetMetadata(SCOPE, scope)

const PRINCIPAL = Symbol('principal')
interface Carrier {
  [PRINCIPAL]?: Principal
}

/** The caller that the guard let in. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const principal = context.switchToHttp().getRequest<Carrier>()[PRINCIPAL]
  if (!principal) throw new Error('no principal: the guard was not asked')
  return principal
})

/** @throws Problem `unauthorized` */
function bearerOf(header: string | undefined): string {
  const match = /^Bearer +([^\s]+)$/i.exec(header ?? '')
  if (match?.[1] === undefined)
    throw Problem.of('unauthorized', 'send "Authorization: Bearer TOKEN"; npx headwater token prints one')
  return match[1]
}

/** What is operated spans all aggregates: for that a token must not be restricted either. @throws Problem `forbidden` */
export function requireScope(principal: Principal, scope: Scope): void {
  if (!principal.scopes.has(scope)) throw Problem.of('forbidden', `this needs the scope "${scope}"`)
  if (scope === 'operate' && principal.isRestricted)
    throw Problem.of(
      'forbidden',
      'this spans everything, and the token is restricted to a part; use one without such a claim',
    )
}

/** Every route asks for a token with the scope it declares; one that declares nothing is closed. */
export class AuthGuard implements CanActivate {
  private readonly reflector = new Reflector()
  /** What the decorators say does not change: by class, then by handler. */
  private readonly declared = new Map<object, Map<object, Scope | undefined>>()

  constructor(private readonly authenticator: Authenticator | undefined) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType<string>() !== 'http') return true
    const scope = this.scopeFor(context)
    const { authenticator } = this
    if (!authenticator || !scope) throw unauthorized('this route is not open')
    const request = context.switchToHttp().getRequest<FastifyRequest>()
    const token = bearerOf(request.headers.authorization)
    const known = authenticator.recall(token)
    if (known) return admit(request, known, scope)
    return authenticator.verify(token).then((principal) => admit(request, principal, scope))
  }

  private scopeFor(context: ExecutionContext): Scope | undefined {
    const [handler, of] = [context.getHandler(), context.getClass()]
    const known = this.declared.get(of)?.get(handler)
    if (known) return known
    const scope = this.reflector.getAllAndOverride<Scope | undefined>(SCOPE, [handler, of])
    const handlers = this.declared.get(of) ?? new Map<object, Scope | undefined>()
    this.declared.set(of, handlers.set(handler, scope))
    return scope
  }
}

/** @throws Problem `forbidden` */
function admit(request: object, principal: Principal, scope: Scope): true {
  requireScope(principal, scope)
  ;(request as Carrier)[PRINCIPAL] = principal
  return true
}
