import { type Resource } from '#domain-kit'

/** How items are written as lines. */
export interface Format {
  readonly extension: string
  readonly contentType: string
  head(fields: readonly string[]): string
  /** @throws Error for an item with a field that is not among `fields`: a column that is silently missing is worse. */
  line(item: object, fields: readonly string[]): string
}

/** RFC 4180: quoted when it holds a comma, a quote or a line break; a quote is doubled. */
const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return quoted(value)
  return quoted(typeof value === 'bigint' ? value.toString() : JSON.stringify(value))
}

const csv: Format = {
  extension: 'csv',
  contentType: 'text/csv; charset=utf-8; header=present',
  head: (fields) => `${fields.map(cell).join(',')}\r\n`,
  line: (item, fields) => {
    const values = item as Readonly<Record<string, unknown>>
    const stray = Object.keys(values).find((name) => !fields.includes(name))
    if (stray !== undefined) throw new Error(`an item has the field "${stray}", which its resource does not declare`)
    return `${fields.map((name) => cell(values[name])).join(',')}\r\n`
  },
}

const ndjson: Format = {
  extension: 'ndjson',
  contentType: 'application/x-ndjson; charset=utf-8',
  head: () => '',
  line: (item) => `${JSON.stringify(item)}\n`,
}

export const FORMATS: ReadonlyMap<string, Format> = new Map([
  ['text/csv', csv],
  ['application/x-ndjson', ndjson],
])

/** The fields of a resource's lines; undefined for one that is not made of lines. */
export function fieldsOf(resource: Resource): readonly string[] | undefined {
  if (resource.kind === 'list') return resource.fields
  return resource.kind === 'collection' ? resource.export?.fields : undefined
}

export function offeredTypes(resource: Resource): readonly string[] {
  return ['application/json', ...(fieldsOf(resource) ? FORMATS.keys() : [])]
}
