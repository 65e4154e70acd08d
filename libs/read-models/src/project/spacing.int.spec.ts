import { once } from 'node:events'
import { createMemoryStore, type EventStore } from '#event-store'
import { eventually, scratchServers } from '#testing'
import { count, counting } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { spaced } from '../fixtures/spaced-log.js'

/** Who follows the log from its beginning next is brought nothing. */
function silenceNext(store: EventStore): void {
  const { subscribe } = store
  let isSilent = true
  store.subscribe = async function* (options) {
    const isMeant = isSilent && options.after === 0n
    if (isMeant) isSilent = false
    if (isMeant && options.signal) await once(options.signal, 'abort')
    else yield* subscribe(options)
  }
}

test('where positions are places in a file, a build that is some hundred events behind its lanes goes along with them', async () => {
  const store = spaced(createMemoryStore(), 1_000n)
  const stage = new ProjectionStage(await scratchServers(), store)
  try {
    const projector = await stage.projector([counting])
    projector.start()
    await count(store, 'a', 1, 500)
    await eventually('all is folded', () => projector.position === 500_000n)
    // As long as it catches up by itself, it does not come on.
    silenceNext(store)
    await projector.builds.rebuild('sums', false, { actor: 'tester', action: 'test' })
    const states = async (): Promise<unknown> => (await projector.builds.list()).map(({ state }) => state).join()
    await eventually('it goes along', async () => (await states()) === 'live,ready')
    expect(await stage.database.query('select sum from "sums_v1$next".sums')).toEqual([{ sum: 500 }])
  } finally {
    await stage.close()
  }
})
