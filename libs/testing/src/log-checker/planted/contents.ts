import { type AppendRequest, type NewEvent } from '#event-store'
import { type Planter } from './plant.js'

type Change = (event: NewEvent) => NewEvent

const changed = (request: AppendRequest, change: Change): AppendRequest => ({
  ...request,
  writes: request.writes.map((write) => ({ ...write, events: write.events.map(change) })),
})

/** Where the bytes of an event begin is kept from the append before: everything is where it should be, and holds something else. */
export const otherPayload: Planter = (store, strikes) => {
  let other: object | undefined
  return {
    append: async (request) => {
      const before = other
      other = request.writes[0]?.events[0]?.data
      if (!before || (await store.recall(request.commandId)) || !strikes()) return store.append(request)
      return store.append(changed(request, (event) => ({ ...event, data: before })))
    },
  }
}

/** Events are written under the version that is current now, not under that in which they were made. */
export const otherVersion: Planter = (store, strikes) => ({
  append: async (request) => {
    if ((await store.recall(request.commandId)) || !strikes()) return store.append(request)
    return store.append(changed(request, (event) => ({ ...event, version: event.version + 1 })))
  },
})

/** Who did it is left out. */
export const lostMetadata: Planter = (store, strikes) => ({
  append: async (request) => {
    if ((await store.recall(request.commandId)) || !strikes()) return store.append(request)
    return store.append(changed(request, (event) => ({ ...event, metadata: {} })))
  },
})
