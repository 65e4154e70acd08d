import { type Columns, type RowOf } from './columns.js'
import { type DtoClass } from './command.js'
import { type AnyProjection, type Projection } from './projection.js'

/** One rendering of a report's result. */
export interface ReportFormat {
  readonly mediaType: string
  render(result: object, position: bigint): string
}

/** A job that computes a document from one snapshot of a read model. */
export interface Report {
  readonly kind: 'report'
  readonly name: string
  readonly projection: AnyProjection
  readonly params: DtoClass
  readonly summary: string
  /** Which aggregate a caller must be allowed to read, and its id. */
  target(params: object): { readonly aggregate: string; readonly id: string }
  /** Column values that every row read must have. */
  where(params: object): Readonly<Record<string, string>>
  compute(rows: readonly RowOf<Columns>[], params: object): object
  readonly formats: Readonly<Record<string, ReportFormat>>
}

export function report<const C extends Columns, P extends object, Result extends object>(
  of: Projection<C>,
  name: string,
  definition: {
    params: DtoClass<P>
    summary: string
    target: (params: P) => { aggregate: string; id: string }
    where: (params: P) => { readonly [K in keyof C & string]?: string }
    compute: (rows: readonly RowOf<C>[], params: P) => Result
    formats: Readonly<
      Record<string, { mediaType: string; render: (result: NoInfer<Result>, position: bigint) => string }>
    >
  },
): Report {
  return {
    kind: 'report',
    name,
    projection: of,
    params: definition.params,
    summary: definition.summary,
    target: definition.target,
    where: definition.where as Report['where'],
    compute: definition.compute,
    formats: definition.formats,
  }
}
