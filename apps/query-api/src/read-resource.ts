import { type Answer, type NamedResource, type Reading } from '#read-models'
import { mayTouch, type Principal, Problem } from '#runtime'
import { LIMIT_DEFAULT, type Query } from './query-input.js'

/** The one way to read a resource, for GET and for a subscriber's snapshot alike. */
export async function readResource(
  reader: Reading,
  named: NamedResource,
  query: Query,
  minPosition: bigint,
  principal: Principal,
): Promise<Answer> {
  const answer = await read(reader, named, query, minPosition)
  requireCovered(answer.covers, principal)
  return answer
}

/** What a token must cover beyond the path, which only the row says. @throws Problem `forbidden` */
export function requireCovered(covers: Answer['covers'], principal: Principal): void {
  if (covers && !mayTouch(principal, covers.aggregate, covers.id))
    throw Problem.of('forbidden', `the token does not cover ${covers.aggregate} "${covers.id}"`)
}

async function read(reader: Reading, named: NamedResource, query: Query, minPosition: bigint): Promise<Answer> {
  switch (named.readable.resource.kind) {
    case 'document':
      return reader.document(named, { minPosition }, query.at)
    case 'list':
      return reader.list(named, { ...query, limit: query.limit ?? LIMIT_DEFAULT }, { minPosition })
    case 'collection':
      return reader.collection(named, query.filter, { minPosition }, query.at)
  }
}
