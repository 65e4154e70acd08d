import { checkRows, type Columns, type DocumentResource, type ListResource, type RowOf, TooManyRows } from '#domain-kit'
import { Problem } from '#runtime'
import { type StoredRow } from '../tables/row-codec.js'
import { etagOf } from './etag.js'
import { type ReadableResource } from './resources.js'
import { type SourceName } from './sources.js'

/** An answer and what it reflects. */
export interface Answer {
  readonly position: bigint
  /** Which build of its projection: what another one answers is not comparable. */
  readonly build: number
  readonly source: SourceName
  /** Which replica, `host:port`, when it was one. */
  readonly replica?: string | undefined
  /** Changes when the answer may have changed. */
  readonly etag: string
  readonly data: object
  /** Of a document: the position of the last event that changed it, at most that of the answer. */
  readonly changedAt?: bigint
  /** What a token must cover beyond the path, to see it: all of it. */
  readonly covers?: readonly Covered[]
}

/** An instance of an aggregate. */
export interface Covered {
  readonly aggregate: string
  readonly id: string
}

/** A row as its list shows it. */
export function itemOf(resource: ListResource, { row, created, changed }: StoredRow): object {
  return resource.item(row, { createdAt: created.position, changedAt: changed })
}

/** A row as its document shows it. */
export function answerOf(
  readable: ReadableResource,
  resource: DocumentResource,
  stored: StoredRow,
  { position, build, source, replica }: Pick<Answer, 'position' | 'build' | 'source' | 'replica'>,
): Answer {
  const place = { createdAt: stored.created.position, changedAt: stored.changed }
  const data = { position: position.toString(), ...resource.answer(stored.row, place) }
  const covers = coveredBy(readable, resource, stored.row)
  const etag = etagOf(readable, build, stored.changed)
  return { position, build, source, replica, etag, data, changedAt: stored.changed, covers }
}

/** Of which instance it is, where its path does not say that and its row does; and what it declares. */
function coveredBy({ table }: ReadableResource, resource: DocumentResource, row: StoredRow['row']): readonly Covered[] {
  const { name } = table.projection.of
  const isOwn = !resource.params.includes(name) && table.names.includes(name)
  const declared = resource.covers?.(row)
  return [...(isOwn ? [{ aggregate: name, id: String(row[name]) }] : []), ...(declared ? [declared] : [])]
}

/** What is made of rows. @throws Problem `too-many-rows` when they are more than an answer holds, or more are made of them. */
export function boundedAnswer(rows: readonly StoredRow[], answer: (rows: readonly RowOf<Columns>[]) => object): object {
  try {
    checkRows(rows.length)
    return answer(rows.map(({ row }) => row))
  } catch (error) {
    throw error instanceof TooManyRows ? Problem.of('too-many-rows', error.message) : error
  }
}

/** @param position of the state in which there is none */
export function notFound(
  params: Readonly<Record<string, string>>,
  at: bigint | string | undefined,
  position: bigint,
): Problem {
  const named = Object.entries(params).map(([name, value]) => `${name} "${value.slice(0, 300)}"`)
  const detail = `there ${at === undefined ? 'is' : `was at ${at}`} no ${named.join(', ')}`
  return Problem.of('not-found', detail, { headers: { 'headwater-position': position.toString() } })
}
