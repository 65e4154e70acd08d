import { type Stop } from '#read-models'

/** What stands still, for /readyz: the projection, the event if one is at fault, the reason, and what to do; undefined when everything goes on. */
export function toldOf(stops: readonly Stop[]): string | undefined {
  const [first] = stops
  if (!first) return undefined
  const { projection, lane, stopped } = first
  const { position, type, stream, revision, reason } = stopped
  const isAtEvent = type !== ''
  const where = isAtEvent ? `at position ${position} (${type}, ${stream}@${revision})` : `after position ${position}`
  const more = stops.length > 1 ? `; ${stops.length - 1} more` : ''
  const skip = `, or leave the event out with "npx headwater projections skip ${projection} --position ${position}"`
  return (
    `${projection} has stopped in lane ${lane} ${where}: ${reason}${more}. ` +
    `Mend it and run "npx headwater projections retry ${projection}"${isAtEvent ? skip : ''}`
  )
}
