import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { connectEventStore, eventStoreSettings } from '#event-store'
import { createLogger, parseConfig } from '#runtime'
import { lineOf } from './batch-line.js'

/** One subscriber: writes down each batch as it came, until it is told to stop. */
const [, , name = '', path = ''] = process.argv
const logger = createLogger({ role: 'projector', instance: name, level: process.env['LOG_LEVEL'] ?? 'info' })
const stops: (() => Promise<void> | void)[] = []
const store = await connectEventStore(
  {
    config: parseConfig(eventStoreSettings, process.env),
    logger,
    onStop: (_, run) => stops.push(run),
    endpoint: () => undefined,
  },
  [],
)

const stop = new AbortController()
let hold: Promise<void> | undefined
let release: (() => void) | undefined
const goOn = (): void => {
  hold = undefined
  release?.()
}
process.on('message', (message) => {
  if (message === 'hold') hold ??= new Promise((resolve) => (release = resolve))
  else goOn()
  if (message === 'stop') stop.abort()
})
process.once('disconnect', () => {
  goOn()
  stop.abort()
})

const file = createWriteStream(path)
const news = { position: '0' }
const timer = setInterval(() => process.send?.(news), 25)
for await (const batch of store.subscribe({ after: 0n, signal: stop.signal })) {
  await hold
  file.write(lineOf(batch))
  news.position = batch.position.toString()
}
clearInterval(timer)
file.end()
await once(file, 'finish')
for (const each of stops.reverse()) await each()
if (process.connected) process.disconnect()
