import { createMemoryStore, type EventBatch, type EventStore } from '#event-store'
import { eventually, silentLogger } from '#testing'
import { type CacheWriter } from '../cache/cache-writer.js'
import { count } from '../fixtures/counter.js'
import { spaced } from '../fixtures/spaced-log.js'
import { run, type RunOptions } from './run.js'
import { Spacing } from './spacing.js'
import { type Folded, type ProjectionUnit } from './unit.js'

/** Folds nothing, and says of which batches. */
class Unit {
  position = 0n
  readonly batches: number[] = []

  fold(batch: EventBatch): Promise<Folded> {
    this.batches.push(batch.events.length)
    this.position = batch.position
    return Promise.resolve({ batch, writes: [], script: { statements: [], copies: [] } })
  }

  commit(): Promise<void> {
    return Promise.resolve()
  }

  changes(): ReturnType<ProjectionUnit['changes']> {
    return new Map()
  }
}

/** A commit ends when it is told to. */
class SlowUnit extends Unit {
  private readonly commits: (() => void)[] = []

  override commit(): Promise<void> {
    return new Promise((resolve) => this.commits.push(resolve))
  }

  /** The commit that is under way ends. */
  async arrive(): Promise<void> {
    await eventually('something is being committed', () => this.commits.length > 0)
    this.commits.shift()?.()
  }
}

/** Counts the events that the cache is told of, and those that it is not. */
class Cache {
  told = 0
  skipped = 0

  apply({ events }: EventBatch): Promise<void> {
    this.told += events.length
    return Promise.resolve()
  }

  skip({ events }: EventBatch): void {
    this.skipped += events.length
  }
}

let stop: AbortController
beforeEach(() => {
  stop = new AbortController()
})

function start(store: EventStore, unit: Unit, more: Partial<RunOptions> = {}): Promise<void> {
  const options = { store, unit: unit as unknown as ProjectionUnit, cache: undefined, batch_max: 1_000 }
  const silent = { logger: silentLogger(), onProgress: () => undefined, onNear: () => Promise.resolve() }
  return run({ ...options, ...silent, spacing: new Spacing(), ...more }, stop.signal)
}

test.each([
  ['positions have no gaps', 1n],
  ['positions are places in a file', 1_000n],
])('where %s, what comes while a small batch is being committed is the next batch, not several', async (_, by) => {
  const [store, unit] = [createMemoryStore(), new SlowUnit()]
  const running = start(spaced(store, by), unit)
  await count(store, 'a', 1, 1)
  await eventually('it is folded', () => unit.batches.length === 1)
  for (let round = 0; round < 5; round += 1) await count(store, 'a', 1, 1)
  expect(unit.batches).toEqual([1])
  await unit.arrive()
  await eventually('the rest is folded', () => unit.position === 6n * by)
  expect(unit.batches).toEqual([1, 5])
  await unit.arrive()
  stop.abort()
  await running
})

describe.each([
  ['positions have no gaps', 1n],
  ['positions are places in a file', 1_000n],
])('where %s', (_, by) => {
  async function behind(events: number): Promise<Cache> {
    const store = createMemoryStore()
    for (let left = events; left > 0; left -= 1_000) await count(store, 'a', 1, Math.min(1_000, left))
    const cache = new Cache()
    const running = start(spaced(store, by), new Unit(), { cache: cache as unknown as CacheWriter })
    await eventually('all is folded and told', () => cache.told + cache.skipped === events)
    stop.abort()
    await running
    return cache
  }

  test('who is some events behind tells the cache of them all', async () => {
    expect(await behind(1_500)).toMatchObject({ told: 1_500, skipped: 0 })
  })

  test('who is far behind tells the cache of nothing before the end of the log is near', async () => {
    expect(await behind(60_000)).toMatchObject({ told: 2_000, skipped: 58_000 })
  })
})

test('who is told to stop does not wait for indexes that are being made', async () => {
  const unit = new Unit()
  let isNear = false
  const onNear = (): Promise<void> => new Promise(() => (isNear = true))
  const running = start(createMemoryStore(), unit, { onNear })
  await eventually('they are being made', () => isNear)
  stop.abort()
  await running
  expect(unit.batches).toEqual([])
})
