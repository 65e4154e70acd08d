import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { projectRoot } from '#runtime'
import { type EventStoreDouble, openEventStoreDouble, type ScratchDatabase, scratchDatabase } from '#testing'

const STREAMS = 200
const EVENT_BYTES = 10_000

const built = (path: string): string =>
  JSON.stringify(pathToFileURL(join(projectRoot(), 'dist', 'libs', ...path.split('/'))).href)

/** Appends to each stream while the server answers, says so, and when it is told to go on appends to all at once. */
const PROGRAM = `
  import { randomUUID } from 'node:crypto'
  import { once } from 'node:events'
  import { loadEventStoreDb, migrateNames } from ${built('event-store/src/index.js')}
  import { silentLogger } from ${built('testing/src/silent-logger.js')}
  const [url, namesUrl] = process.argv.slice(1)
  await migrateNames(namesUrl, '')
  const attempts = { attempt_ms: 1_000, total_ms: 1_000 }
  const patience = { append: attempts, read: attempts, silence_ms: 1_000 }
  const open = await loadEventStoreDb()
  const store = open({ url, namesUrl, pool_max: 2, patience, logger: silentLogger() })
  const request = (stream, text = '') => ({
    commandId: { stream, key: randomUUID() },
    requestHash: 'any',
    writes: [{ stream, expected: 'any', events: [{
      id: randomUUID(), type: 'T', version: 1, data: { text }, metadata: { actor: 'test' },
    }] }],
  })
  const streams = Array.from({ length: ${STREAMS} }, (_, at) => 'thing-' + at)
  const begin = async (stream) => {
    const first = request(stream)
    while (await store.append(first).then(() => false, () => true));
  }
  for (let at = 0; at < streams.length; at += 20) await Promise.all(streams.slice(at, at + 20).map(begin))
  const text = 'x'.repeat(${EVENT_BYTES})
  console.log('ready')
  await once(process.stdin, 'data')
  const results = await Promise.allSettled(streams.map((stream) => store.append(request(stream, text))))
  // A turn, after which rejections that nobody handles would have ended the process.
  await new Promise((resolve) => setImmediate(resolve))
  await store.close()
  console.log(JSON.stringify(results.map(({ reason }) => reason?.name)))
  process.exit(0)
`

let double: EventStoreDouble
let database: ScratchDatabase
beforeEach(async () => {
  double = await openEventStoreDouble()
  database = await scratchDatabase()
})
afterEach(async () => {
  await double.close()
  await database.drop()
})

test('a server that falls silent under more appends than gRPC takes at once: all are unavailable, and the process lives', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, double.url, database.url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('ready')
  double.nodes[0].silence()
  child.stdin.write('\n')
  const said = String((await lines.next()).value)
  expect(await exited).toEqual([0, null])
  expect(JSON.parse(said)).toEqual(Array.from({ length: STREAMS }, () => 'StoreUnavailable'))
})
