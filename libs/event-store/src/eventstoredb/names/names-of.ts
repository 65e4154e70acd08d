import { keyOfClaim, keyOfCommand } from '../log/planned.js'
import { type Logged } from '../log/recorded.js'
import { type NamePlace } from './name-index.js'

/** The names that the append took whose last event this is; none for any other event. */
export function namesOf({ event, command }: Logged): readonly (readonly [key: string, place: NamePlace])[] {
  if (!command) return []
  const { stream, revision, position } = event
  const place = { revision, position, requestHash: command.hash }
  const keys = [
    keyOfCommand({ stream, key: command.key }),
    ...(command.claims ?? []).map((name) => keyOfClaim({ stream, name })),
  ]
  return keys.map((key) => [key, place] as const)
}
