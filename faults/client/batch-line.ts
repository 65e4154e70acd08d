import { type EventBatch } from '#event-store'
import { type HandedBatch, sightOf } from '#testing'

/** What a follower was handed on its way between processes: one JSON object a line. */
export function lineOf({ after, position, events }: EventBatch): string {
  return `${JSON.stringify({ after: String(after), position: String(position), sights: events.map(sightOf) })}\n`
}

export function batchOf(line: string): HandedBatch {
  const { after, position, sights } = JSON.parse(line) as { after: string; position: string; sights: string[] }
  return { after: BigInt(after), position: BigInt(position), sights }
}
