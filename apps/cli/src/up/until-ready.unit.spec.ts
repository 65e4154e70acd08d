import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataLayout, localSettings, portsFrom, urlsOf, type Status } from '#local-runtime'
import { ensureLocalKey, parseConfig } from '#runtime'
import { askStatus } from '../controller-client.js'
import { type Local } from '../local.js'
import { untilReady } from './until-ready.js'

const ONE = { role: 'any', pid: 7, leader: false, ready: true, url: 'none', state: 'ready' }
const CONTROLLER = { ...ONE, id: 'controller-1' }

/** A controller that says what it is given, and what was asked of it. */
let told: Status
/** What it says from the second time on. */
let toldNext: Status | undefined
let asked: string[]
let server: Server
let here: Local
beforeEach(async () => {
  asked = []
  toldNext = undefined
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.end(JSON.stringify(told))
    told = toldNext ?? told
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = await mkdtemp(join(tmpdir(), 'headwater-ready-'))
  const layout = dataLayout(folder)
  await ensureLocalKey(layout.keys)
  here = {
    config: parseConfig(localSettings, { HEADWATER_DATA: folder }),
    layout,
    ports: portsFrom(7_400),
    controllerUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  }
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  await rm(here.layout.root, { recursive: true, force: true })
})

/** After it has seen that this one is not ready, with no time left. */
async function waited(one: Partial<Status['instances'][number]>): Promise<Status | undefined> {
  const instances = [CONTROLLER, { ...ONE, id: 'projector-1', ready: false, ...one }]
  told = { ready: false, position: '9', urls: urlsOf(here.ports), instances }
  return untilReady(here, { started: undefined, signal: new AbortController().signal, ready_ms_max: 0 })
}

test.each(['starting', 'unready'])(
  'a process that is %s and says why is no reason to stop the others',
  async (state) => {
    expect(await waited({ state, reason: 'projections: statement has stopped in lane 3' })).toEqual(told)
    expect(asked).not.toContain('POST /v1/stop')
  },
)

test.each(['backoff', 'crash-loop'])('one that ends again and again (%s) is', async (state) => {
  await expect(waited({ state, pid: null, reason: 'ended 7 time(s)' })).rejects.toThrow(
    /^not ready after 0 s; .*\n  projector-1: ended 7 time\(s\)$/,
  )
})

test('what is ready is told at once', async () => {
  told = { ready: true, position: '9', urls: urlsOf(here.ports), instances: [CONTROLLER] }
  expect(await untilReady(here, { started: undefined, signal: new AbortController().signal })).toEqual(told)
})

test('a controller that ends after it has answered has not failed to start', async () => {
  const urls = urlsOf(here.ports)
  told = { ready: false, position: '0', urls, instances: [CONTROLLER, { ...ONE, id: 'projector-1', ready: false }] }
  toldNext = { ready: true, position: '9', urls, instances: [CONTROLLER] }
  const ready = toldNext
  const started = { pid: 7, hasEnded: () => true, failure: () => 'killed' }
  expect(await untilReady(here, { started, signal: new AbortController().signal })).toEqual(ready)
})

test('one that ends in the midst of an answer has not answered', async () => {
  server.removeAllListeners('request').on('request', (_, response: ServerResponse) => {
    response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy())
  })
  expect(await askStatus(here)).toBeUndefined()
})
