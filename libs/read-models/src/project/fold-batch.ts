import { type ClientBase } from 'pg'
import {
  type AnyBatchProjection,
  type AnyProjection,
  type Columns,
  type KeyOf,
  type Projection,
  type RecordedEvent,
  type RowOf,
} from '#domain-kit'
import { FoldFailure, LoadFailure } from './failure.js'
import { type TableState } from './table-state.js'

/** The table states of one projection, by table name. */
export type States = ReadonlyMap<string, TableState>

/** Folds the events that a projection wants; nothing is written yet. @throws FoldFailure, LoadFailure */
export async function foldBatch(
  client: ClientBase,
  projection: AnyProjection,
  states: States,
  wanted: readonly RecordedEvent[],
): Promise<void> {
  if (wanted.length === 0) return
  try {
    if (projection.kind === 'fold') await foldRows(client, projection, stateOf(states, projection.name), wanted)
    else await handle(client, projection, states, wanted)
  } catch (error) {
    throw error instanceof LoadFailure ? error : new FoldFailure(projection.name, error)
  }
}

function stateOf(states: States, table: string): TableState {
  const state = states.get(table)
  if (!state) throw new Error(`there is no table "${table}"`)
  return state
}

async function foldRows(
  client: ClientBase,
  projection: Projection,
  state: TableState,
  events: readonly RecordedEvent[],
): Promise<void> {
  const keyed = events.map((event) => ({ event, keys: projection.keys(event) }))
  const entries = await state.load(
    client,
    keyed.flatMap(({ keys }) => keys),
  )
  let at = 0
  for (const { event, keys } of keyed)
    for (const key of keys) {
      const entry = entries[at++]
      if (entry) state.set(entry, event, projection.fold(entry.after?.row, event, key))
    }
}

async function handle(
  client: ClientBase,
  projection: AnyBatchProjection,
  states: States,
  events: readonly RecordedEvent[],
): Promise<void> {
  const upserts: { table: string; event: RecordedEvent; rows: readonly RowOf<Columns>[] }[] = []
  const tx = {
    load: async (table: string, keys: readonly KeyOf<Columns>[]) => {
      const entries = await stateOf(states, table).load(client, keys)
      return entries.flatMap(({ after }) => after?.row ?? [])
    },
    insert: (table: string, event: RecordedEvent, rows: readonly RowOf<Columns>[]) =>
      stateOf(states, table).insert(event, rows),
    upsert: (table: string, event: RecordedEvent, rows: readonly RowOf<Columns>[]) =>
      void upserts.push({ table, event, rows }),
  }
  await projection.handle(events, tx as never)
  for (const { table, event, rows } of upserts) {
    const state = stateOf(states, table)
    const entries = await state.load(client, rows)
    for (const [at, entry] of entries.entries()) state.set(entry, event, rows[at] ?? null)
  }
}
