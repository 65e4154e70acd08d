import { createMemoryStore, EventsArchived, type EventStore } from '#event-store'
import { eventually, scratchServers } from '#testing'
import { count, counting } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'

jest.setTimeout(60_000)

const archive = { name: 'events_1', first: 1n, last: 2n, file: 'events_1.gz' }
const by = { actor: 'tester', action: 'test' }
/** Does the log lack its first two events? */
let isArchived: boolean
let stage: ProjectionStage

beforeEach(async () => {
  isArchived = false
  stage = new ProjectionStage(await scratchServers(), partlyArchived(createMemoryStore()))
})
afterEach(() => stage.close())

function partlyArchived(store: EventStore): EventStore {
  return {
    ...store,
    subscribe: (options) => {
      if (isArchived && options.after < archive.last) throw new EventsArchived('events from position 1 on are', archive)
      return store.subscribe(options)
    },
  }
}

test('a rebuild that needs what is archived stops and says so, what is live goes on, and it goes on when that is restored', async () => {
  const projector = await stage.projector([counting])
  projector.start()
  await count(stage.store, 'a', 1, 3)
  await eventually('it is folded', () => projector.position === 3n)
  isArchived = true
  await projector.builds.rebuild('sums', true, by)
  const next = async () => (await projector.builds.list()).find(({ slot }) => slot === 'next')
  await eventually('it has stopped', async () => (await next())?.state === 'stopped')
  expect((await next())?.stops[0]).toMatchObject({
    stopped: {
      ...{ position: '0', type: '' },
      reason: 'events from position 1 on are archived: events_1, positions 1 to 2, in events_1.gz',
    },
  })
  await count(stage.store, 'a')
  await eventually('what is live goes on', () => projector.position === 4n)
  await eventually('nothing else is wrong', () => projector.trouble === undefined)
  await expect(projector.builds.skip('sums', 0n, by)).rejects.toThrow('it has not stopped at position 0')
  isArchived = false
  await projector.builds.retry('sums', by)
  await eventually('it has caught up and is live', async () =>
    (await projector.builds.list()).some(({ build, slot }) => build === 2 && slot === 'live'),
  )
  expect(await stage.database.query('select sum from sums_v1.sums')).toEqual([{ sum: 4 }])
})
