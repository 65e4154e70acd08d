import { type Answer, type Covered, type NamedResource, type Reading } from '#read-models'
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
  for (const each of answer.covers ?? []) requireCovered(each, principal)
  return answer
}

/** What a token must cover beyond the path, which only the row says. @throws Problem `forbidden` */
export function requireCovered({ aggregate, id }: Covered, principal: Principal): void {
  if (!mayTouch(principal, aggregate, id))
    throw Problem.of('forbidden', `the token does not cover ${aggregate} "${id}"`)
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
