import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Json, type JsonObject } from './json.js'

const FOLDER = resolve('..', 'shared', 'data', 'eventstoredb', 'transcripts')

export interface Call {
  readonly method: string
  readonly args: readonly Json[]
}

export interface Step extends JsonObject {
  readonly client_call?: Call & JsonObject
  readonly client_result?: Json
  readonly client_error?: JsonObject
}

export interface RecordedRpc {
  readonly service: string
  readonly method: string
  readonly request_metadata: JsonObject
  readonly requests: readonly { readonly decoded?: Json }[]
  readonly responses: readonly { readonly decoded?: Json }[]
  readonly status: { readonly code: number; readonly details: string; readonly trailing_metadata: JsonObject }
}

/** A recorded case: what a client called, what it got, and what went over the wire. */
export interface Transcript extends Step {
  readonly scenario: string
  readonly connection_string: string
  readonly steps?: readonly Step[]
  readonly rpcs?: readonly (RecordedRpc & JsonObject)[]
}

export function transcript(name: string): Transcript {
  return JSON.parse(readFileSync(join(folder(), `${name}.json`), 'utf8')) as Transcript
}

export const transcriptNames = (): readonly string[] =>
  readdirSync(folder())
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))

export const stepsOf = (recorded: Transcript): readonly Step[] => recorded.steps ?? [recorded]

function folder(): string {
  if (existsSync(FOLDER)) return FOLDER
  throw new Error(`the records of the real server are missing: ${FOLDER} (shared/ belongs beside the repository)`)
}
