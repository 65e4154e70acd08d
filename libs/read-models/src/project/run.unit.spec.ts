import { createMemoryStore, type EventBatch } from '#event-store'
import { eventually, silentLogger } from '#testing'
import { count } from '../fixtures/counter.js'
import { run } from './run.js'
import { type Folded, type ProjectionUnit } from './unit.js'

/** Folds nothing, and says of which batches; a commit ends when it is told to. */
class SlowUnit {
  position = 0n
  readonly batches: bigint[] = []
  private readonly commits: (() => void)[] = []

  fold(batch: EventBatch): Promise<Folded> {
    this.batches.push(batch.position - batch.after)
    this.position = batch.position
    return Promise.resolve({ batch, writes: [], script: { statements: [], copies: [] } })
  }

  commit(): Promise<void> {
    return new Promise((resolve) => this.commits.push(resolve))
  }

  /** The commit that is under way ends. */
  async arrive(): Promise<void> {
    await eventually('something is being committed', () => this.commits.length > 0)
    this.commits.shift()?.()
  }
}

test('what comes while a small batch is being committed is the next batch, not several', async () => {
  const [store, unit, stop] = [createMemoryStore(), new SlowUnit(), new AbortController()]
  const silent = { logger: silentLogger(), onProgress: () => undefined, onNear: () => Promise.resolve() }
  const running = run(
    { store, unit: unit as unknown as ProjectionUnit, cache: undefined, batch_max: 1_000, ...silent },
    stop.signal,
  )
  await count(store, 'a', 1, 1)
  await eventually('it is folded', () => unit.batches.length === 1)
  for (let round = 0; round < 5; round += 1) await count(store, 'a', 1, 1)
  expect(unit.batches).toEqual([1n])
  await unit.arrive()
  await eventually('the rest is folded', () => unit.position === 6n)
  expect(unit.batches).toEqual([1n, 5n])
  await unit.arrive()
  stop.abort()
  await running
})
