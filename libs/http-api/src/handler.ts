import { Controller, Delete, Get, Post, Put, Req, Res, type Type } from '@nestjs/common'
import { type FastifyReply, type FastifyRequest } from 'fastify'
import { type Method, parseRoute } from '#domain-kit'
import { Caller, type Principal, RequireScope, type Scope } from '#runtime'

const VERBS = { GET: Get, POST: Post, DELETE: Delete, PUT: Put } as const

export interface DeclaredRoute {
  readonly prefix: string
  readonly route: string
  readonly scope: Scope
  /** Class name, for stack traces. */
  readonly name: string
  handle(request: FastifyRequest, reply: FastifyReply, principal: Principal): Promise<void>
}

/** A Nest controller for one declared route: what a person would write by hand, with the same decorators. */
export function controllerFor({ prefix, route, scope, name, handle }: DeclaredRoute): Type {
  const { method, path } = parseRoute(prefix, route)
  class Declared {
    async handle(request: FastifyRequest, reply: FastifyReply, principal: Principal): Promise<void> {
      return handle(request, reply, principal)
    }
  }
  Object.defineProperty(Declared, 'name', { value: name })
  const verb = VERBS[method satisfies Method]
  const descriptor = Object.getOwnPropertyDescriptor(Declared.prototype, 'handle') as PropertyDescriptor
  Req()(Declared.prototype, 'handle', 0)
  Res()(Declared.prototype, 'handle', 1)
  Caller()(Declared.prototype, 'handle', 2)
  verb(path.replaceAll(/\{([^}]+)\}/g, ':$1'))(Declared.prototype, 'handle', descriptor)
  RequireScope(scope)(Declared.prototype, 'handle', descriptor)
  Controller()(Declared)
  return Declared
}
