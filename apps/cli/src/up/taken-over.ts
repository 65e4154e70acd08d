import { startedWith, type Status } from '#local-runtime'
import { type Local } from '../local.js'

/** @returns what to tell whoever takes over a system that would be another if it were started now. */
export function differences({ config }: Local, { startedWith: theirs }: Status): string | undefined {
  const ours = startedWith(config)
  const what = [
    ...(theirs?.settings === ours.settings ? [] : ['with other settings']),
    ...(theirs?.build === ours.build ? [] : ['from another build']),
  ]
  if (what.length === 0) return undefined
  return `Headwater ran already, started ${what.join(' and ')}, and goes on so. To have it as it would be now, stop it (Ctrl-C) and start it again.`
}
