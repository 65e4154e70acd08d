import { type Stop } from '#read-models'

/** What stands still, for /readyz: the projection, the event, the reason, and what to do; undefined when everything goes on. */
export function toldOf(stops: readonly Stop[]): string | undefined {
  const [first] = stops
  if (!first) return undefined
  const { projection, lane, stopped } = first
  const { position, type, stream, revision, reason } = stopped
  const more = stops.length > 1 ? `; ${stops.length - 1} more` : ''
  return (
    `${projection} has stopped in lane ${lane} at position ${position} (${type}, ${stream}@${revision}): ${reason}${more}. ` +
    `Mend it and run "npx headwater projections retry ${projection}", or leave the event out with "npx headwater projections skip ${projection} --position ${position}"`
  )
}
