import { type AppendPlace, type AppendRequest, type AppendResult, type EventStore } from '#event-store'
import { type LogEvent } from '../history.js'
import { type Planter, sizeOf } from './plant.js'

type Move = (place: AppendPlace) => AppendPlace

/** The same wrong place for clients and readers: only the log's own order can give it away. */
const movedLog = (events: readonly LogEvent[], move: Move): LogEvent[] =>
  events.map((event) => ({ ...event, ...move(event) })).sort((a, b) => Number(a.position - b.position))

const movedResult = (result: AppendResult, move: Move): AppendResult =>
  result.outcome === 'appended' || result.outcome === 'replayed' ? { ...result, ...move(result) } : result

const placeOf = ({ stream, revision, position }: AppendPlace): AppendPlace => ({ stream, revision, position })

/** A number was drawn for a transaction that was rolled back: from there on all positions are one too high. */
export const positionGap: Planter = (store, strikes) => {
  let from: bigint | undefined
  const move: Move = (place) => {
    const { position, ...rest } = placeOf(place)
    return { ...rest, position: from !== undefined && position >= from ? position + 1n : position }
  }
  return {
    append: async (request) => {
      const result = await store.append(request)
      if (result.outcome === 'appended' && from === undefined && strikes())
        from = result.position - BigInt(sizeOf(request) - 1)
      return movedResult(result, move)
    },
    log: (events) => movedLog(events, move),
  }
}

/** A stream's end was cached before its last append failed: from there on its revisions are one too high. */
export const revisionHole: Planter = (store, strikes) => {
  const holes = new Map<string, bigint>()
  const move: Move = (place) => {
    const { stream, revision, position } = placeOf(place)
    const hole = holes.get(stream)
    return { stream, revision: hole !== undefined && revision >= hole ? revision + 1n : revision, position }
  }
  return {
    append: async (request) => {
      const result = await store.append(request)
      if (result.outcome === 'appended' && !request.commandId.stream.startsWith('own-') && !holes.has(result.stream))
        if (strikes()) holes.set(result.stream, result.revision)
      return movedResult(result, move)
    },
    log: (events) => movedLog(events, move),
  }
}

/** Two leaders give out the same positions: one has slept since it read the head, and nothing keeps it from writing. */
export const noEpochCheck: Planter = (store, strikes) => {
  const behind = new Set<bigint>()
  const move: Move = (place) => {
    const { position, ...rest } = placeOf(place)
    return { ...rest, position: behind.has(position) ? position - 1n : position }
  }
  return {
    append: async (request) => {
      const result = await store.append(request)
      if (result.outcome === 'appended' && result.position > 1n && sizeOf(request) === 1 && strikes())
        behind.add(result.position)
      return movedResult(result, move)
    },
    log: (events) => movedLog(events, move),
  }
}

/** A position is left open for a commit that comes later: who reads meanwhile has gone past it. Acknowledged as it is read. */
export const lateCommit: Planter = (store, strikes) => {
  const moved = new Map<bigint, bigint>()
  let open: { readonly position: bigint; readonly stream: string } | undefined
  const move: Move = (place) => {
    const { position, ...rest } = placeOf(place)
    return { ...rest, position: moved.get(position) ?? position }
  }
  const write = async (request: AppendRequest, inner: EventStore): Promise<AppendResult> => {
    const result = await inner.append(request)
    if (result.outcome !== 'appended') return result
    const { position, stream } = result
    if (open && open.position + 1n === position && open.stream !== stream && sizeOf(request) === 1)
      moved.set(position, open.position)
    else if (open) moved.delete(open.position)
    open = undefined
    return result
  }
  return {
    append: async (request) => {
      const result = await write(request, store)
      if (result.outcome === 'appended' && !moved.has(result.position) && sizeOf(request) === 1 && strikes()) {
        open = result
        moved.set(result.position, result.position + 1n)
      }
      return movedResult(result, move)
    },
    log: (events) => movedLog(events, move),
  }
}

/** Two appends of one batch change places after their answers were made. */
export const swappedAppends: Planter = (store, strikes) => {
  const swapped = new Set<bigint>()
  return {
    append: async (request) => {
      const result = await store.append(request)
      if (result.outcome === 'appended' && result.position > 1n && strikes()) swapped.add(result.position)
      return result
    },
    log: (events) => {
      const all = [...events]
      for (const position of swapped) {
        const at = Number(position) - 1
        const [before, after] = [all[at - 1], all[at]]
        if (!before || !after) continue
        all[at - 1] = { ...after, position: before.position, time: before.time }
        all[at] = { ...before, position: after.position, time: after.time }
      }
      return all
    },
  }
}
