import { type Settings } from './parse-config.js'

/**
 * Settings as `--help` shows them, two lines each: name and meaning, then the rule and what holds without it. Of a setting that another one
 * decides about, the first case. Of defaults only numbers and texts are told, for all others are empty.
 */
export function settingsText(settings: Settings): string {
  const width = Math.max(...Object.keys(settings).map((name) => name.length))
  return Object.entries(settings)
    .map(([name, { description, rule, fallback }]) => {
      const value = fallback?.value
      const isSaid = typeof value === 'number' || (typeof value === 'string' && value !== '')
      const unset = isSaid ? ` (default: ${value})` : ''
      return `  ${name.padEnd(width)}  ${description}\n  ${' '.repeat(width)}  ${rule}${unset}\n`
    })
    .join('')
}
