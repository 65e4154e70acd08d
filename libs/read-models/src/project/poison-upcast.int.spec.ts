import { randomUUID } from 'node:crypto'
import { aggregate, document, domain, integer, projection, text } from '#domain-kit'
import { eventually, scratchServers } from '#testing'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { partitionOf } from './lanes.js'
import { type Projector } from './projector.js'

jest.setTimeout(60_000)

interface Moved {
  readonly type: 'Moved'
  readonly data: { readonly steps: number }
}

const walker = aggregate<Moved>()('walker', {
  version: 2,
  initial: {},
  evolve: { Moved: (state) => state },
  upcasters: {
    Moved: {
      1: ({ far }: { readonly far: { readonly steps: number } | null }) => {
        if (!far) throw new RangeError('nobody moves nowhere')
        return { steps: far.steps }
      },
    },
  },
})
const walks = projection('walks', {
  version: 1,
  of: walker,
  table: { walker: text().key(), steps: integer() },
  key: (event) => ({ walker: event.aggregateId }),
  fold: { Moved: (row, { steps }) => ({ ...row, steps: row.steps + steps }) },
})
const walking = domain('walking', { commands: [], resources: [document(walks, 'GET /walks/{walker}')] })

let stage: ProjectionStage
let projector: Projector

beforeEach(async () => {
  stage = new ProjectionStage(await scratchServers())
  projector = await stage.projector([walking])
})
afterEach(() => stage.close())

async function move(id: string, version: number, data: object): Promise<void> {
  const stream = `walker-${id}`
  const event = { id: randomUUID(), type: 'Moved', version, data, metadata: {} }
  const commandId = { stream, key: randomUUID() }
  await stage.store.append({
    ...{ commandId, requestHash: randomUUID() },
    writes: [{ stream, expected: 'any', events: [event] }],
  })
}

const stepsOf = async (id: string): Promise<number | undefined> =>
  (await stage.database.query<{ steps: number }>('select steps from walks_v1.walks where walker = $1', [id]))[0]?.steps

test('an event that an upcaster fails at stops its lane only, until it is skipped', async () => {
  await move('lame', 1, { far: { steps: 1 } })
  await move('lame', 1, { far: null })
  await move('lame', 2, { steps: 2 })
  for (let at = 0; at < 8; at += 1) await move(`well-${at}`, 1, { far: { steps: 3 } })
  projector.start()
  await eventually('it is said', () => projector.stops.length > 0)
  const lane = partitionOf('walker-lame')
  const reason = 'walks cannot be folded: nobody moves nowhere'
  expect(projector.stops).toMatchObject([
    { projection: 'walks', lane, stopped: { position: '2', type: 'Moved', reason } },
  ])
  await eventually('the lanes go on', async () =>
    (await projector.builds.lanes()).every(({ position }) => position === 11n),
  )
  expect(await stepsOf('lame')).toBe(1)
  await projector.builds.skip('walks', 2n, { actor: 'tester', action: 'skip' })
  await eventually('it goes on after that event', async () => (await stepsOf('lame')) === 3)
  await eventually('nothing stands still', () => projector.stops.length === 0)
})

test('nobody goes past an event that newer code wrote, and no projection is at fault', async () => {
  await move('well', 2, { steps: 1 })
  await move('well', 3, { miles: 1 })
  projector.start()
  await eventually('it is said', () => projector.trouble?.includes('it was written by newer code') === true)
  expect(projector.stops).toEqual([])
  expect((await projector.builds.list())[0]?.state).toBe('live')
})
