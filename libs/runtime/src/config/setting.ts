/** How one setting is read from the environment. `rule` says in words what a value must be. */
export interface Setting<T> {
  readonly rule: string
  readonly description: string
  /** Its value never appears in a message, not even a wrong one. */
  readonly isSecret: boolean
  /** What holds when the variable is missing or empty; undefined: it is required. */
  readonly fallback: { readonly value: T } | undefined
  /** @returns undefined when the text breaks the rule. */
  parse(text: string): T | undefined
  /** Where another variable decides: the setting that holds in this environment, undefined when none does. */
  readonly within?: (env: Environment) => Setting<T> | undefined
}

export type Environment = Readonly<Record<string, string | undefined>>

interface Options<T> {
  readonly description: string
  readonly default?: T
  readonly secret?: boolean
}

function make<T>(rule: string, parse: (text: string) => T | undefined, options: Options<T>): Setting<T> {
  const { description, secret = false } = options
  return {
    rule,
    parse,
    description,
    isSecret: secret,
    fallback: options.default === undefined ? undefined : { value: options.default },
  }
}

/** The same setting, undefined when it is not given. */
export function optional<T>(setting: Setting<T>): Setting<T | undefined> {
  return { ...setting, fallback: { value: undefined } }
}

/**
 * A setting whose rule depends on what another variable chooses; for a choice that is not listed it is not looked at.
 *
 * @param assumed what holds when the other variable is not given.
 */
export function chosenBy<const C extends string, T>(
  other: string,
  assumed: C,
  cases: Readonly<Partial<Record<C, Setting<T>>>>,
): Setting<T | undefined> {
  const [first] = Object.values<Setting<T> | undefined>(cases)
  if (!first) throw new RangeError(`nothing depends on ${other}`)
  const within = (env: Environment): Setting<T> | undefined => {
    const given = env[other]
    const choice = given === undefined || given === '' ? assumed : given
    return Object.entries<Setting<T> | undefined>(cases).find(([name]) => name === choice)?.[1]
  }
  return { ...first, within }
}

export const text = (options: Options<string>): Setting<string> =>
  make('any text that is not empty', (value) => value, options)

export function integer(options: Options<number> & { min: number; max: number }): Setting<number> {
  const { min, max } = options
  return make(
    `an integer from ${min} to ${max}`,
    (value) => (/^-?\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max ? Number(value) : undefined),
    options,
  )
}

export const port = (options: Options<number>): Setting<number> => integer({ ...options, min: 1, max: 65_535 })

export function choice<const T extends string>(values: readonly T[], options: Options<NoInfer<T>>): Setting<T> {
  return make(`one of ${values.join(', ')}`, (value) => values.find((each) => each === value), options)
}

function asUrl(value: string, schemes: readonly string[]): string | undefined {
  if (!URL.canParse(value)) return undefined
  return schemes.includes(new URL(value).protocol.replace(':', '')) ? value : undefined
}

/** URLs may carry credentials: they are shown without them, see `withoutCredentials`. */
export function url(options: Options<string> & { schemes: readonly string[] }): Setting<string> {
  return make(`a URL of scheme ${options.schemes.join(' or ')}`, (value) => asUrl(value, options.schemes), {
    secret: true,
    ...options,
  })
}

/** Comma-separated URLs; none is allowed. */
export function urls(options: Options<readonly string[]> & { schemes: readonly string[] }): Setting<readonly string[]> {
  const parse = (value: string): readonly string[] | undefined => {
    const all = value.split(',').map((each) => asUrl(each.trim(), options.schemes))
    return all.every((each) => each !== undefined) ? all : undefined
  }
  return make(`URLs of scheme ${options.schemes.join(' or ')}, comma-separated`, parse, { secret: true, ...options })
}

/**
 * Where a cluster is: `esdb://user:password@host:port,host:port?option=value`. Shown without credentials, see
 * `withoutCredentials`.
 */
export function clusterUrl(options: Options<string> & { schemes: readonly string[] }): Setting<string> {
  const schemes = options.schemes.map((each) => each.replaceAll('+', String.raw`\+`)).join('|')
  const form = new RegExp(
    String.raw`^(?:${schemes})://(?:[^\s@/?]+@)?[^\s@/?,:]+(?::\d{1,5})?(?:,[^\s@/?,:]+(?::\d{1,5})?)*/?(?:\?[^\s?]*)?$`,
  )
  return make(
    `a connection string ${options.schemes.join(' or ')}://host:port,…?options`,
    (value) => (form.test(value) ? value : undefined),
    { secret: true, ...options },
  )
}

/** Comma-separated; at least one. */
export function hostPorts(options: Options<readonly string[]>): Setting<readonly string[]> {
  const parse = (value: string): readonly string[] | undefined => {
    const all = value.split(',').map((each) => each.trim())
    return all.every((each) => /^[^\s:]+:\d{1,5}$/.test(each)) ? all : undefined
  }
  return make('host:port, or several, comma-separated', parse, options)
}
