import { randomUUID } from 'node:crypto'
import { type AppendRequest, type EventStore, StoreUnavailable } from '#event-store'
import { type LogEvent } from '../history.js'
import { type Planter } from './plant.js'

/** Writes a request again as if its command id and its claims had never been seen; the log shows the id that the client used. */
function again(
  store: EventStore,
  aliases: Map<string, string>,
  request: AppendRequest,
): ReturnType<EventStore['append']> {
  const { stream, key } = request.commandId
  const alias = randomUUID()
  aliases.set(alias, key)
  const writes = request.writes.map((write) => ({ ...write, expected: 'any' as const }))
  return store.append({ ...request, commandId: { stream, key: alias }, writes, claims: [] })
}

function unaliased(events: readonly LogEvent[], aliases: ReadonlyMap<string, string>): LogEvent[] {
  return events.map((event) => {
    const { $command } = event.metadata
    const key = $command && aliases.get($command.key)
    return key === undefined ? event : { ...event, metadata: { ...event.metadata, $command: { ...$command, key } } }
  })
}

/** A command id that was used before is not looked up. */
export const skippedDedupe: Planter = (store, strikes) => {
  const aliases = new Map<string, string>()
  return {
    append: async (request) => {
      const known = await store.recall(request.commandId)
      return known && strikes() ? again(store, aliases, request) : store.append(request)
    },
    log: (events) => unaliased(events, aliases),
  }
}

/** The answer to a commit is lost, and the writer itself commits once more. */
export const doubleWriteOnRetry: Planter = (store, strikes) => {
  const aliases = new Map<string, string>()
  return {
    append: async (request) => {
      const result = await store.append(request)
      return result.outcome === 'appended' && strikes() ? again(store, aliases, request) : result
    },
    log: (events) =>
      unaliased(events, aliases).map(({ metadata: { $command: _, ...metadata }, ...event }) => ({
        ...event,
        metadata,
      })),
  }
}

/** After an interruption, events get new ids: nobody can see that they are there already. */
export const newIdsOnRetry: Planter = (store, strikes) => {
  const aliases = new Map<string, string>()
  return {
    append: async (request) => {
      const result = await store.append(request)
      if (result.outcome !== 'appended' || !strikes()) return result
      const writes = request.writes.map((write) => ({
        ...write,
        events: write.events.map((event) => ({ ...event, id: randomUUID() })),
      }))
      await again(store, aliases, { ...request, writes })
      throw new StoreUnavailable('the answer was lost')
    },
  }
}

/** The events of one append are written from the last to the first. */
export const swappedInBatch: Planter = (store, strikes) => ({
  append: async (request) => {
    const isLong = request.writes.some(({ events }) => events.length > 1)
    if (!isLong || (await store.recall(request.commandId)) || !strikes()) return store.append(request)
    const writes = request.writes.map((write) => ({ ...write, events: [...write.events].reverse() }))
    return store.append({ ...request, writes })
  },
})

/** Of an append to two streams only the first write is made. */
export const tornAppend: Planter = (store, strikes) => ({
  append: async (request) => {
    const isShort = request.writes.length < 2
    if (isShort || (await store.recall(request.commandId)) || !strikes()) return store.append(request)
    return store.append({ ...request, writes: request.writes.slice(0, 1) })
  },
})

/** What a claim holds is looked up, and forgotten. */
export const forgottenClaim: Planter = (store, strikes) => ({
  append: async (request) => {
    const result = await store.append(request)
    return result.outcome === 'claimed' && strikes() ? store.append({ ...request, claims: [] }) : result
  },
})
