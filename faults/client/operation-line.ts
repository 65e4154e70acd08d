import { type Operation } from '#testing'

/** Operations on their way between processes: one JSON object a line, 64-bit numbers as text. */
export function lineOf(operation: Operation): string {
  return `${JSON.stringify(operation, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}\n`
}

/** An operation as JSON has it. */
interface Line extends Omit<Operation, 'result'> {
  readonly result:
    | Exclude<Operation['result'], { readonly kind: 'acknowledged' }>
    | {
        readonly kind: 'acknowledged'
        readonly acked_ms: number
        readonly place: { readonly stream: string; readonly revision: string; readonly position: string }
      }
}

export function operationOf(line: string): Operation {
  const { result, ...rest } = JSON.parse(line) as Line
  if (result.kind !== 'acknowledged') return { ...rest, result }
  const { stream, revision, position } = result.place
  const place = { stream, revision: BigInt(revision), position: BigInt(position) }
  return { ...rest, result: { ...result, place } }
}
