import { type Planter } from './plant.js'

/** The clock of the machine is set back, and the writer takes its word. */
export const timeBackwards: Planter = (store, strikes) => {
  const early = new Set<bigint>()
  return {
    append: async (request) => {
      const result = await store.append(request)
      if (result.outcome === 'appended' && result.position > 1n && strikes()) early.add(result.position)
      return result
    },
    log: (events) =>
      events.map((event) =>
        early.has(event.position)
          ? { ...event, time: new Date(Date.parse(event.time) - 3_600_000).toISOString() }
          : event,
      ),
  }
}

/** A leader that was paused while another took over commits what it had begun. */
export const staleCommit: Planter = (store, strikes) => {
  const stale = new Set<bigint>()
  return {
    append: async (request) => {
      const result = await store.append(request)
      if (result.outcome === 'appended' && strikes()) stale.add(result.position)
      return result
    },
    term: (position) => (stale.has(position) ? 1n : 2n),
  }
}
