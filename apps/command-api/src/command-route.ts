import { randomUUID } from 'node:crypto'
import { type Type } from '@nestjs/common'
import { type AnyCommand, type Domain, qualifiedName } from '#domain-kit'
import { type CommandHandler } from '#commands'
import { causedBy, checkKey, controllerFor, headerOf, metadataOf, parseIfMatch } from '#http-api'
import { answer } from './answer.js'
import { authorize, inputReader } from './command-input.js'

/** The REST route of one declared command: input, authorization, the handler, the answer. */
export function commandRoute(domain: Domain, command: AnyCommand, handler: Pick<CommandHandler, 'execute'>): Type {
  const input = inputReader(domain, command)
  const name = qualifiedName(domain, command)
  return controllerFor({
    prefix: domain.prefix,
    route: command.route,
    scope: 'write',
    name,
    handle: async (request, reply, principal) => {
      const given = headerOf(request, 'idempotency-key')
      const key = given === undefined ? randomUUID() : checkKey('Idempotency-Key', given)
      const ifMatch = parseIfMatch(headerOf(request, 'if-match'))
      const { target, body } = input.fromPath(request.params as Record<string, string>, request.body)
      authorize(principal, command, target)
      const metadata = causedBy(key, metadataOf(request, principal))
      const outcome = await handler.execute({
        command,
        name,
        target,
        body,
        key,
        metadata,
        ...(ifMatch === undefined ? {} : { ifMatch }),
      })
      const accepted = answer(domain, command, outcome)
      const location = command.location?.(body as never, target)
      void reply.status(accepted.status).header('headwater-position', accepted.position)
      if (accepted.replayed) void reply.header('headwater-replayed', 'true')
      if (location !== undefined) void reply.header('location', location)
      void reply.send(accepted.body)
    },
  })
}
