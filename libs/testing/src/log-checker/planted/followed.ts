import { type RecordedEvent } from '#domain-kit'
import { type Planter } from './plant.js'

type Change = (event: RecordedEvent) => RecordedEvent

const changing =
  (change: Change): Planter =>
  (_, strikes) => ({
    hand: (batch) => ({ ...batch, events: batch.events.map((event) => (strikes() ? change(event) : event)) }),
  })

/** What is handed on is made of what was planned, not of what was committed: a position that another append took meanwhile. */
export const pushedPosition = changing((event) => ({ ...event, position: event.position + 1n }))

/** The revision of the stream's end before the append, not of the event. */
export const pushedRevision = changing((event) => ({ ...event, revision: event.revision - 1n }))

/** A buffer that is used again holds another event by the time it is read. */
export const pushedPayload = changing((event) => ({ ...event, data: { ...event.data, by: 'somebody else' } }))

/** A mailbox has run over: what follows is handed on as if nothing was left out. */
export const droppedBatch: Planter = (_, strikes) => ({
  hand: (batch) => (strikes() ? { ...batch, after: batch.position, events: [] } : batch),
})

/** What a follower asks for when it comes back begins one event too early. */
export const repeatedEvent: Planter = (_, strikes) => {
  let last: RecordedEvent | undefined
  return {
    hand: (batch) => {
      const again = last && strikes() ? [last] : []
      last = batch.events.at(-1)
      return { ...batch, events: [...again, ...batch.events] }
    },
  }
}
