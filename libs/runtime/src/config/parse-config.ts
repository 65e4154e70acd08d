import { type Setting } from './setting.js'

export type Settings = Readonly<Record<string, Setting<unknown>>>
export type ConfigOf<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

export interface ConfigMistake {
  readonly name: string
  /** As given; `(hidden)` when it may hold a secret, undefined when it is missing. */
  readonly value: string | undefined
  readonly rule: string
}

/** Every mistake of a process's environment at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  constructor(readonly mistakes: readonly ConfigMistake[]) {
    const lines = mistakes.map(({ name, value, rule }) =>
      value === undefined ? `${name} is missing: it must be ${rule}` : `${name}=${value} is wrong: it must be ${rule}`,
    )
    super(`configuration: ${lines.length} mistake(s)\n${lines.map((line) => `  ${line}`).join('\n')}`)
  }
}

/**
 * Reads the whole configuration of a process once. An empty variable counts as missing.
 *
 * @throws ConfigError that lists every mistake, not just the first.
 */
export function parseConfig<const S extends Settings>(
  settings: S,
  env: Readonly<Record<string, string | undefined>>,
): ConfigOf<S> {
  const mistakes: ConfigMistake[] = []
  const config: Record<string, unknown> = {}
  for (const [name, declared] of Object.entries(settings)) {
    const setting = declared.within ? declared.within(env) : declared
    if (!setting) {
      config[name] = undefined
      continue
    }
    const given = env[name]
    if (given === undefined || given === '') {
      if (setting.fallback) config[name] = setting.fallback.value
      else mistakes.push({ name, value: undefined, rule: setting.rule })
      continue
    }
    const value = setting.parse(given)
    if (value === undefined) mistakes.push({ name, value: setting.isSecret ? '(hidden)' : given, rule: setting.rule })
    else config[name] = value
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return config as ConfigOf<S>
}

/** A URL as it may be logged: without user and password. */
export function withoutCredentials(address: string): string {
  // Of several hosts it is no URL, and may hold credentials all the same.
  if (!URL.canParse(address)) return address.replace(/^([^:/]+:\/\/)[^@/]*@/, '$1')
  const parsed = new URL(address)
  parsed.username = ''
  parsed.password = ''
  return parsed.toString()
}
