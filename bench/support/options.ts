/** A whole number that a benchmark is told as `--name 123`. @throws Error when it is none. */
export function numberOption(args: readonly string[], name: string, otherwise: number): number {
  const at = args.indexOf(name)
  if (at < 0) return otherwise
  const value = Number(args[at + 1])
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} takes a whole number, at least 1`)
  return value
}
