import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectEventStore, eventStoreSettings } from '#event-store'
import { createLogger, parseConfig } from '#runtime'
import { type Operation, Random, runClient, sharedClock_ms } from '#testing'
import { type ClientNews } from './news.js'
import { lineOf } from './operation-line.js'

/** One client: appends as the product's own roles do, over its links, until it is told to stop or its parent is gone. */
interface Plan {
  readonly client: string
  readonly seed: number
  readonly shared: readonly string[]
  readonly in_flight: number
  /** Between two appends of one lane, on average. */
  readonly pause_ms: number
  /** Where it writes down what it did. */
  readonly file: string
}

const plan = JSON.parse(process.argv[2] ?? '{}') as Plan
const logger = createLogger({ role: 'client', instance: plan.client, level: process.env['LOG_LEVEL'] ?? 'info' })
const stops: (() => Promise<void> | void)[] = []
// What it appends belongs to no domain.
const store = await connectEventStore(
  {
    config: parseConfig(eventStoreSettings, process.env),
    logger,
    onStop: (_, run) => stops.push(run),
    endpoint: () => undefined,
  },
  [],
)

let goesOn = true
const giveUp = new AbortController()
process.on('message', (message) => {
  if (message === 'stop') goesOn = false
})
process.once('disconnect', () => {
  goesOn = false
  giveUp.abort()
})

const file = createWriteStream(plan.file)
let news: ClientNews = { answered_ms: 0, refused_ms: 0 }
const timer = setInterval(() => process.send?.(news), 25)
const pauses = new Random(plan.seed + 1)
await runClient(store, {
  client: plan.client,
  random: new Random(plan.seed),
  shared: plan.shared,
  in_flight: plan.in_flight,
  next: async () => {
    await sleep(2 * plan.pause_ms * pauses.next())
    return goesOn
  },
  signal: giveUp.signal,
  onRefused: () => (news = { ...news, refused_ms: sharedClock_ms() }),
  onOperation: (operation: Operation) => {
    if (operation.result.kind === 'acknowledged')
      news = { ...news, answered_ms: Math.max(news.answered_ms, operation.invoked_ms) }
    file.write(lineOf(operation))
  },
})
clearInterval(timer)
file.end()
await once(file, 'finish')
for (const stop of stops.reverse()) await stop()
process.disconnect()
