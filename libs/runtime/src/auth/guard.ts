import { type CanActivate, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import { type FastifyRequest } from 'fastify'
import { Problem } from '../problem/problem.js'
import { type Authenticator, unauthorized } from './authenticator.js'
import { type Principal, type Scope } from './principal.js'

const SCOPE = 'headwater:scope'
const PUBLIC = 'headwater:public'

/** What a token must allow to call this. A handler without it and without {@link Public} answers nobody. */
export const RequireScope = (scope: Scope): MethodDecorator & ClassDecorator => SetMetadata(SCOPE, scope)
/** Health only: everything else asks for a token. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC, true)

const principals = new WeakMap<object, Principal>()

/** The caller that the guard let in. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const principal = principals.get(context.switchToHttp().getRequest<FastifyRequest>())
  if (!principal) throw new Error('no principal: the route is public')
  return principal
})

/** @throws Problem `unauthorized` */
export function bearerOf(header: string | undefined): string {
  const match = /^Bearer +([^\s]+)$/i.exec(header ?? '')
  if (match?.[1] === undefined)
    throw Problem.of('unauthorized', 'send "Authorization: Bearer TOKEN"; npx headwater token prints one')
  return match[1]
}

/** @throws Problem `forbidden` */
export function requireScope(principal: Principal, scope: Scope): void {
  if (!principal.scopes.has(scope)) throw Problem.of('forbidden', `this needs the scope "${scope}"`)
}

/** Every route asks for a token with the scope it declares; one that declares nothing is closed. */
export class AuthGuard implements CanActivate {
  private readonly reflector = new Reflector()
  constructor(private readonly authenticator: Authenticator | undefined) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const on: [ReturnType<typeof context.getHandler>, ReturnType<typeof context.getClass>] = [
      context.getHandler(),
      context.getClass(),
    ]
    if (context.getType<string>() !== 'http') return true
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, on)) return true
    const scope = this.reflector.getAllAndOverride<Scope | undefined>(SCOPE, on)
    if (!this.authenticator || !scope) throw unauthorized('this route is not open')
    const request = context.switchToHttp().getRequest<FastifyRequest>()
    const principal = await this.authenticator.verify(bearerOf(request.headers.authorization))
    requireScope(principal, scope)
    principals.set(request, principal)
    return true
  }
}
