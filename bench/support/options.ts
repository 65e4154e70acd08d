/** What a benchmark may be told: `--short` is a switch, `--seconds 5` a number. */
export type Known = Readonly<Record<string, 'switch' | 'number'>>

/** What it was told; a switch is false when it was not. */
export type Told<K extends Known> = {
  readonly [Name in keyof K]: K[Name] extends 'number' ? number | undefined : boolean
}

/** A mistake of the one who called, in one line that names what would be right. */
export class UsageError extends Error {}

const NUMBER = /^\d{1,9}$/

/**
 * Arguments of the command line by name; numbers are whole and at least 1.
 *
 * @throws UsageError
 */
export function optionsFrom<K extends Known>(args: readonly string[], known: K): Told<K> {
  const forms = Object.entries(known).map(([name, kind]) => (kind === 'number' ? `--${name} N` : `--${name}`))
  const told = new Map<string, number | true>()
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const name = arg.slice(2)
    if (!arg.startsWith('--') || !Object.hasOwn(known, name))
      throw new UsageError(`unknown option "${arg}": it takes ${forms.join(', ')}`)
    told.set(name, known[name] === 'number' ? wholeNumber(arg, rest.shift()) : true)
  }
  const entries = Object.entries(known).map(([name, kind]) => [
    name,
    told.get(name) ?? (kind === 'switch' ? false : undefined),
  ])
  return Object.fromEntries(entries) as Told<K>
}

function wholeNumber(option: string, text: string | undefined): number {
  if (text !== undefined && NUMBER.test(text) && Number(text) >= 1) return Number(text)
  throw new UsageError(
    `${option} takes a whole number, at least 1, not ${text === undefined ? 'nothing' : `"${text}"`}`,
  )
}
