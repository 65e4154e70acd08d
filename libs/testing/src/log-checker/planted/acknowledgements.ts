import { placeAhead, type Planter } from './plant.js'

/** The answer goes out first, and the process dies before the commit. */
export const acknowledgeBeforeCommit: Planter = (store, strikes) => ({
  append: async (request) => {
    const known = await store.recall(request.commandId)
    if (known || !strikes()) return store.append(request)
    return placeAhead(store, request)
  },
})

/** A whole batch falls between the queue and the log: all that came in one turn of the event loop. */
export const lostBatch: Planter = (store, strikes) => {
  let losing = false
  return {
    append: async (request) => {
      if (!losing && strikes()) {
        losing = true
        setImmediate(() => (losing = false))
      }
      return losing ? placeAhead(store, request) : store.append(request)
    },
  }
}

/** The batch failed, its transaction was rolled back, and its appends are answered as if it had not been. */
export const acknowledgeFailedBatch: Planter = (store, strikes) => ({
  append: async (request) => {
    if ((await store.recall(request.commandId)) || !strikes()) return store.append(request)
    const place = await placeAhead(store, request)
    const writes = request.writes.map((write) => ({ ...write, expected: 1_000_000n }))
    const failed = await store.append({ ...request, writes })
    return failed.outcome === 'conflict' ? place : failed
  },
})

/** The position in the answer is the head of the log after the batch, not that of the append. */
export const wrongPosition: Planter = (store, strikes) => ({
  append: async (request) => {
    const result = await store.append(request)
    return result.outcome === 'appended' && strikes() ? { ...result, position: result.position + 1n } : result
  },
})

/** A retry is recognized, and answered with where the stream ends now in place of the original result. */
export const wrongReplay: Planter = (store, strikes) => ({
  append: async (request) => {
    const result = await store.append(request)
    if (result.outcome !== 'replayed' || !strikes()) return result
    return { ...result, position: (await store.head()) + 1n }
  },
})

/** It is written, and the client is told that it was refused. */
export const refuseWhatWasWritten: Planter = (store, strikes) => ({
  append: async (request) => {
    const result = await store.append(request)
    if (result.outcome !== 'appended' || !strikes()) return result
    return { outcome: 'conflict', stream: result.stream, revision: result.revision, tail: undefined }
  },
})

/** A key that was used for something else is taken for a retry. */
export const ignoredHash: Planter = (store, strikes) => ({
  append: async (request) => {
    const result = await store.append(request)
    const before = result.outcome === 'mismatch' && strikes() ? await store.recall(request.commandId) : undefined
    return before ? { ...before, outcome: 'replayed' } : result
  },
})

/** The names of a batch were kept, and the batch was not: its commands, sent again, are taken for somebody else's. */
export const nameOfNothing: Planter = (store, strikes) => ({
  append: async (request) => {
    if ((await store.recall(request.commandId)) || !strikes()) return store.append(request)
    return { outcome: 'mismatch', position: (await store.head()) + 1n }
  },
})
