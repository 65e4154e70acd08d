import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '#runtime'
import { type LocalConfig, localSettings } from './plan.js'

/** What a system was started with, as digests: enough to see that it would not be the same if it were started now. */
export interface StartedWith {
  readonly settings: string
  readonly build: string
}

/** Of a system that is found at all these are the same. */
const PLACE: readonly string[] = ['HEADWATER_DATA', 'HEADWATER_PORT_BASE']

/** Of these settings, and of what is built here at the moment. */
export function startedWith(config: LocalConfig): StartedWith {
  const values = new Map<string, unknown>(Object.entries(config))
  const settings = Object.keys(localSettings)
    .filter((name) => !PLACE.includes(name))
    .map((name) => [name, values.get(name) ?? null])
  const stamp = join(projectRoot(), 'dist', '.built-from')
  return {
    settings: createHash('sha256').update(JSON.stringify(settings)).digest('hex'),
    build: existsSync(stamp) ? readFileSync(stamp, 'utf8') : '',
  }
}
