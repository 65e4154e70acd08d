import fc from 'fast-check'
import { createMemoryStore, type EventStore } from '#event-store'
import { Random } from '../../random.js'
import { runClient } from '../../workload/run-client.js'
import { checkLog } from '../check-log.js'
import { sightOf } from '../content.js'
import { type Fault, type LogReport } from '../findings.js'
import { type HandedBatch, type Operation } from '../history.js'
import { PLANTED_BUGS, plantBug, type PlantedBug } from './plant-bug.js'

/** Three clients with four appends on their way each, then one who follows all that. @returns what the checker says, and how often the bug struck. */
async function run(bug: PlantedBug | undefined, seed: number, inner: EventStore = createMemoryStore()) {
  const random = new Random(seed)
  const planted = plantBug(inner, bug, { random, probability: 0.2 })
  const operations: Operation[] = []
  const { signal } = new AbortController()
  const clients = ['a', 'b', 'c'].map((client) =>
    runClient(planted.store, {
      client,
      random: new Random(random.between(0, 2 ** 30)),
      shared: ['thing-1', 'thing-2', 'thing-3'],
      in_flight: 4,
      next: (sent) => Promise.resolve(sent < 60),
      signal,
      onOperation: (operation) => operations.push(operation),
    }),
  )
  await Promise.all(clients)
  const { gapFreePositions: gapFree } = inner.capabilities
  const followers = [{ name: 'follower', batches: await follow(planted.store, await inner.head()) }]
  const report = checkLog({ operations, log: await planted.log(), gapFree, epochs: planted.epochs, followers })
  return { report, operations, strikes: planted.strikes }
}

async function follow(store: EventStore, head: bigint): Promise<readonly HandedBatch[]> {
  const batches: HandedBatch[] = []
  // A bug may have lost all that was appended, and nobody is ever told of an empty log.
  if (head === 0n) return batches
  for await (const { after, position, events } of store.subscribe({ after: 0n, batch_max: 20 })) {
    batches.push({ after, position, sights: events.map(sightOf) })
    if (position >= head) break
  }
  return batches
}

/** What each bug must be found as, whatever else it also looks like. */
const FOUND_AS: Readonly<Record<PlantedBug, readonly Fault[]>> = {
  'acknowledge before commit': ['lost', 'misordered'],
  'acknowledge a failed batch': ['lost', 'misordered'],
  'lost batch': ['lost', 'misordered'],
  'refuse what was written': ['phantoms'],
  'wrong position in the acknowledgement': ['misordered'],
  'wrong place in a replay': ['misordered'],
  'other hash taken for a retry': ['duplicated'],
  'name of a batch that failed': ['phantoms'],
  'late commit': ['misordered'],
  'no epoch check': ['duplicated'],
  'position gap': ['gaps'],
  'revision hole': ['gaps'],
  'swapped appends': ['misordered'],
  'stale-term commit': ['stale_commits'],
  'time going backwards': ['misordered'],
  'double write on retry': ['duplicated'],
  'new ids on retry': ['phantoms'],
  'skipped dedupe': ['duplicated'],
  'swapped order in an append': ['misordered'],
  'torn append': ['lost'],
  'forgotten claim': ['duplicated'],
  'payload of another event': ['altered'],
  'version of another event': ['altered'],
  'lost metadata': ['altered'],
  'pushed position off by one': ['missed'],
  'pushed revision off by one': ['missed'],
  'pushed payload of another event': ['missed'],
  'dropped batch': ['missed'],
  'pushed once more': ['missed'],
}

const foundAs = ({ counts }: LogReport, faults: readonly Fault[]): number =>
  faults.reduce((sum, fault) => sum + counts[fault], 0)

test('a sound store is found sound, whatever its clients do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const { report, operations } = await run(undefined, seed)
      expect(report.offenders).toEqual([])
      const acked = operations.filter(({ expected }) => expected === 'acknowledged').length
      expect(report).toMatchObject({ isSound: true, counts: { acked } })
    }),
    { numRuns: 15 },
  )
})

/** So often each bug must strike, and be found: in which runs it does is left to chance. */
const STRUCK = 2
const RUNS_MAX = 60

test.each(Object.keys(PLANTED_BUGS) as PlantedBug[])('%s: found whenever it strikes', async (bug) => {
  let struck = 0
  for (const seed of fc.sample(fc.integer(), RUNS_MAX)) {
    const { report, strikes } = await run(bug, seed)
    if (strikes === 0) continue
    struck += 1
    const isFound = !report.isSound && report.offenders.length > 0 && foundAs(report, FOUND_AS[bug]) > 0
    expect({ seed, isFound }).toEqual({ seed, isFound: true })
    if (struck === STRUCK) break
  }
  expect(struck).toBe(STRUCK)
})
