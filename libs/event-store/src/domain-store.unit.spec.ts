import { randomUUID } from 'node:crypto'
import { IsString } from 'class-validator'
import { aggregate, command, domain, type Domain, projection, text, unchanged } from '#domain-kit'
import { all, mustAppend, newRequest } from './contract/requests.js'
import { checkNeeds, storeFor } from './domain-store.js'
import { createMemoryStore } from './memory/memory-store.js'
import { type EventStore, type NewEvent, type StoreCapabilities } from './port.js'

type LampEvent =
  { type: 'Lit'; data: { readonly by: string; readonly watts: number } } | { type: 'Dimmed'; data: object }

const lamp = aggregate<LampEvent>()('lamp', {
  version: 2,
  initial: { lit: false },
  evolve: { Lit: () => ({ lit: true }), Dimmed: () => ({ lit: false }) },
  upcasters: {
    Lit: { 1: ({ who }: { readonly who: string }) => ({ by: who, watts: 0 }) },
    Dimmed: { 1: unchanged },
  },
})
class Light {
  @IsString() readonly by!: string
}
const light = command(lamp, 'light', {
  body: Light,
  route: 'POST /lamps/{lamp}',
  rejections: { 'lit-already': 409 },
  claims: ({ by }) => [{ name: by, taken: 'lit-already' }],
  decide: () => [],
})
const lamps = projection('lamps', { version: 1, of: lamp, table: { lamp: text().key() }, key: () => [], fold: {} })

const lighting = domain('lighting', { commands: [], projections: [lamps] })
const STREAM = 'lamp-hall'
const event = (version: number, type: string, data: object): NewEvent => ({
  id: randomUUID(),
  type,
  version,
  data,
  metadata: {},
})
const old = event(1, 'Lit', { who: 'ann' })
const now = event(2, 'Lit', { by: 'bob', watts: 5 })
const today = [
  { type: 'Lit', version: 2, data: { by: 'ann', watts: 0 }, position: 1n, revision: 0n },
  { type: 'Lit', version: 2, data: { by: 'bob', watts: 5 }, position: 2n, revision: 1n },
]

describe('the log as a domain knows it', () => {
  let stored: EventStore
  let store: EventStore
  beforeEach(async () => {
    stored = createMemoryStore()
    store = storeFor([lighting], stored)
    await mustAppend(store, newRequest(STREAM, { events: [old, now] }))
  })

  test('has every event in today’s form, wherever it is read', async () => {
    expect(await all(store.readStream(STREAM))).toMatchObject(today)
    expect(await all(store.readAll())).toMatchObject(today)
    const conflict = await store.append(newRequest(STREAM, { expected: 'none' }))
    expect(conflict).toMatchObject({ outcome: 'conflict', tail: today })
    for await (const batch of store.subscribe({ after: 0n })) {
      expect(batch).toMatchObject({ after: 0n, position: 2n, events: today })
      break
    }
  })

  test('leaves what is stored as it is', async () => {
    expect(await all(stored.readAll())).toMatchObject([
      { version: 1, data: { who: 'ann' } },
      { version: 2, data: { by: 'bob', watts: 5 } },
    ])
  })

  test('hands on events of aggregates that are not installed', async () => {
    await mustAppend(store, newRequest('thing-1', { events: [event(7, 'ThingHappened', { a: 1 })] }))
    expect((await all(store.readAll())).at(-1)).toMatchObject({ version: 7, data: { a: 1 } })
  })

  test('ends where newer code has written', async () => {
    await mustAppend(stored, newRequest(STREAM, { events: [event(3, 'Lit', { lumen: 1 })] }))
    const reason = '"Lit" at position 3 (lamp-hall, revision 2) has schema version 3, this code reads 1 to 2'
    await expect(all(store.readStream(STREAM))).rejects.toThrow(reason)
    await expect(all(store.readAll({ after: 2n }))).rejects.toThrow(reason)
    await expect(store.append(newRequest(STREAM, { expected: 'none' }))).rejects.toThrow(reason)
    await expect(async () => {
      for await (const { events } of store.subscribe({ after: 0n })) expect(events).toBeUndefined()
    }).rejects.toThrow(reason)
  })
})

describe('what a domain needs of the store', () => {
  const able: StoreCapabilities = { gapFreePositions: true, multiStreamAppends: true, claims: true }
  const claiming = domain('lighting', { commands: [light] })

  test('follows from its commands, and from what it says itself', () => {
    expect(claiming.needs).toEqual([{ capability: 'claims', of: 'command "light"' }])
    const both = command(lamp, 'both', { ...definition(), needs: ['multiStreamAppends', 'claims'] })
    expect(both.needs).toEqual(['multiStreamAppends', 'claims'])
    expect(domain('lighting', { commands: [], needs: ['gapFreePositions'] }).needs).toEqual([
      { capability: 'gapFreePositions', of: 'all of it' },
    ])
    expect(lighting.needs).toEqual([])
  })

  test('is met, or the process does not start and says why', () => {
    const domains: Domain[] = [claiming, domain('other', { commands: [], needs: ['gapFreePositions'] })]
    expect(() => checkNeeds(domains, able)).not.toThrow()
    expect(() => checkNeeds([lighting], { ...able, claims: false })).not.toThrow()
    expect(() => checkNeeds(domains, { ...able, claims: false, gapFreePositions: false })).toThrow(
      'the event store cannot do what is installed: domain "lighting" needs claims for command "light"; ' +
        'domain "other" needs gapFreePositions for all of it; choose another EVENT_STORE',
    )
    const poor = { ...createMemoryStore(), capabilities: { ...able, claims: false } }
    expect(() => storeFor([claiming], poor)).toThrow('domain "lighting" needs claims')
  })

  function definition() {
    const { body, route, rejections } = { body: Light, route: 'POST /both/{lamp}', rejections: { taken: 409 } } as const
    return { body, route, rejections, lookups: ({ by }: Light) => ({ first: by }), decide: () => [] }
  }
})
