import { type DocumentResource } from '#domain-kit'
import {
  type Answer,
  type MissedItems,
  type NamedResource,
  type Place,
  type ReadableResource,
  type Reading,
} from '#read-models'
import { Problem } from '#runtime'
import { type LiveReading } from './live-reads.js'

interface Fresh {
  readonly minPosition: bigint
}

/**
 * What lies within a document is read together with it, and is no further than both are. While the document's projection does not go with its
 * lane (it has stopped, or catches up), what lies within goes on, and its watchers are told: so it is then read alone, and the
 * document is asked for by itself, where it stands.
 */
export class EnclosedReads implements LiveReading {
  /** @param isApart does the projection of the enclosing document stand by itself? */
  constructor(
    private readonly reader: LiveReading,
    private readonly isApart: (named: NamedResource) => boolean,
  ) {}

  document(...asked: Parameters<Reading['document']>): Promise<Answer> {
    return this.reader.document(...asked)
  }

  async list(...[named, query, fresh]: Parameters<Reading['list']>): Promise<Answer> {
    return this.reader.list(await this.readable(named, fresh), query, fresh)
  }

  async collection(...[named, query, fresh, at]: Parameters<Reading['collection']>): Promise<Answer> {
    return this.reader.collection(await this.readable(named, fresh), query, fresh, at)
  }

  async missed(named: NamedResource, after: Place, limit: number, fresh: Fresh): Promise<MissedItems> {
    return this.reader.missed(await this.readable(named, fresh), after, limit, fresh)
  }

  /** @throws Problem `not-found`; `not-fresh-enough` when the document may have come to be since */
  private async readable(named: NamedResource, { minPosition }: Fresh): Promise<NamedResource> {
    const enclosing = enclosingOf(named.readable)
    if (!enclosing || !this.isApart(named)) return named
    try {
      await this.reader.document({ readable: enclosing, params: named.params }, { minPosition: 0n })
    } catch (error) {
      const at =
        error instanceof Problem && error.code === 'not-found' ? error.headers['headwater-position'] : undefined
      if (at === undefined || BigInt(at) >= minPosition) throw error
      throw Problem.of('not-fresh-enough', `position ${minPosition} was asked for, what encloses this is at ${at}`)
    }
    return { ...named, readable: { ...named.readable, within: undefined } }
  }
}

function enclosingOf(readable: ReadableResource): ReadableResource | undefined {
  const { resource, within } = readable
  const document: DocumentResource | undefined = resource.kind === 'document' ? undefined : resource.within
  if (!within || !document) return undefined
  const { table } = within
  return { ...readable, resource: document, table, within: undefined, history: undefined, path: document.route }
}
