import { missingTail } from '../missing-tail.js'
import { type AppendRequest, type AppendResult, DEFAULT_LIMITS, EventsArchived } from '../port.js'
import { type Verdict } from '../log/batch.js'
import { accepted, takenBy } from '../log/answer.js'
import { type PostgresReader } from './reader.js'

/** Makes a verdict the answer of the port: reads what the writer need not know. */
export async function resultOf(
  verdict: Verdict,
  request: AppendRequest,
  reader: PostgresReader,
): Promise<AppendResult> {
  switch (verdict.kind) {
    case 'accepted':
      return accepted(verdict, request)
    case 'taken':
      return takenBy(await reader.commandAt(verdict.position), verdict.claim, request)
    case 'conflict':
      return conflict(reader, request, verdict)
  }
}

/** Of what is archived no tail is sent. */
async function conflict(
  reader: PostgresReader,
  { writes, checks = [], needsTail = true }: AppendRequest,
  { stream, revision }: Verdict & { kind: 'conflict' },
): Promise<AppendResult> {
  const about = { outcome: 'conflict', stream, revision: BigInt(revision) } as const
  const missing = missingTail([...writes, ...checks], stream, revision, DEFAULT_LIMITS)
  if (missing?.count === 0) return { ...about, tail: [] }
  if (!needsTail || !missing) return { ...about, tail: undefined }
  try {
    return { ...about, tail: await reader.tails.tail(stream, missing.from, revision) }
  } catch (error) {
    if (error instanceof EventsArchived) return { ...about, tail: undefined }
    throw error
  }
}
