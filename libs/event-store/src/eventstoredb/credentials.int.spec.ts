import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'
import {
  type EventStoreDbSubject,
  eventStoreDbSubject,
  type EventStoreDouble,
  openEventStoreDouble,
  tlsIdentity,
} from '#testing'
import { all, mustAppend, newRequest, newStream } from '../contract/requests.js'

const CREDENTIALS = `Basic ${Buffer.from('admin:changeit').toString('base64')}`

let folder: string
let double: EventStoreDouble
let subject: EventStoreDbSubject
/** By the path of what was called: who called, each once. */
let callers: Map<string, Set<string>>

const noteCallers: ServerInterceptor = ({ path }, call) =>
  new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata: (metadata, pass) => {
          const caller = metadata.get('authorization')[0]?.toString() ?? 'nobody'
          callers.set(path, (callers.get(path) ?? new Set()).add(caller))
          pass(metadata)
        },
      }),
  })

beforeEach(async () => {
  callers = new Map()
  folder = await mkdtemp(join(tmpdir(), 'headwater-tls-'))
  const tls = await tlsIdentity()
  const authority = join(folder, 'authority.pem')
  await writeFile(authority, tls.certPem)
  double = await openEventStoreDouble({ nodes: 3, tls, interceptors: [noteCallers] })
  subject = await eventStoreDbSubject(`${double.url.replace('://', '://admin:changeit@')}&tlsCAFile=${authority}`)
})
afterEach(async () => {
  await subject.close()
  await double.close()
  await rm(folder, { recursive: true, force: true })
})

test('over TLS, who we are goes with every call for events, also to a leader that a follower has named', async () => {
  const { store } = subject
  const stream = newStream()
  const after = await store.head()
  await mustAppend(store, newRequest(stream))
  double.nodes[2]?.lead()
  const { position } = await mustAppend(store, newRequest(stream))
  expect(await all(store.readStream(stream))).toHaveLength(2)
  const stop = new AbortController()
  for await (const batch of store.subscribe({ after, signal: stop.signal }))
    if (batch.position >= position) stop.abort()
  const toStreams = [...callers].filter(([path]) => path.includes('.streams.'))
  expect(toStreams.map(([path, who]) => [path.split('/').at(-1), [...who]]).sort()).toEqual([
    ['BatchAppend', [CREDENTIALS]],
    ['Read', [CREDENTIALS]],
  ])
})
