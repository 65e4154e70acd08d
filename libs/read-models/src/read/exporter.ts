import { type ListResource } from '#domain-kit'
import { itemOf, notFound } from './answers.js'
import { Cursors } from './cursor.js'
import { listSql } from './list-sql.js'
import { FRESH_MS_MAX, type ListQuery } from './query.js'
import { type Reader } from './reader.js'
import { type NamedResource } from './resources.js'
import { type SourceName, type Sources } from './sources.js'
import { type RowStream } from './row-stream.js'
import { checkpointsIn, positionSql } from './sql.js'

/** A whole list, a chunk of items at a time, and the position that all of it reflects. */
export interface Export {
  readonly position: bigint
  readonly source: SourceName
  /** Fetched as they are asked for. Ends with an error, never early, when the snapshot is lost. */
  readonly chunks: AsyncIterable<readonly object[]>
  /** Frees the connection; for who does not read the chunks to their end. */
  close(): void
}

export interface ExporterOptions {
  readonly reader: Reader
  readonly sources: Sources
  /** How long an export waits for a source that is fresh enough. Default 2,000. */
  readonly wait_ms_max?: number
}

/** Reads whole lists from one snapshot of a replica each, in bounded memory. */
export class Exporter {
  constructor(private readonly options: ExporterOptions) {}

  /**
   * @param signal cuts the connection at once.
   * @throws Problem `not-found`, `not-fresh-enough`, `invalid-cursor`, `unavailable`, all before the first item.
   */
  async list(
    named: NamedResource,
    query: ListQuery,
    { minPosition, signal }: { readonly minPosition: bigint; readonly signal: AbortSignal },
  ): Promise<Export> {
    const { readable, params } = named
    const { limit, where, sort, cursor } = query
    const before = cursor === undefined ? undefined : new Cursors(named, query).decode(cursor)
    const at = before?.at === undefined ? query.at : { position: before.at }
    const { reader, sources, wait_ms_max = FRESH_MS_MAX } = this.options
    const when = await reader.when(named, at, { minPosition })
    const statement = listSql(named, { limit, where, sort, before, at: when.at })
    const { table } = readable
    const freshness = { of: checkpointsIn(readable, params), minPosition: when.minPosition, wait_ms_max, signal }
    const stream = await sources.stream(statement, positionSql(readable, params), table.columns, freshness)
    if (!stream.isWithin) {
      stream.close()
      throw notFound(params, when.at, when.at ?? stream.position)
    }
    const { chunks, source, close } = stream
    const position = when.at ?? stream.position
    return { position, source, chunks: items(readable.resource as ListResource, chunks), close }
  }
}

async function* items(resource: ListResource, chunks: RowStream['chunks']): AsyncGenerator<readonly object[]> {
  for await (const rows of chunks) yield rows.map((row) => itemOf(resource, row))
}
