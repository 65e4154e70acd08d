import { type AppendRequest } from '../port.js'
import { all, idsOf, mustAppend, newEvents, newRequest, newStream, requestedIds, type Store } from './requests.js'

export function describeCommandIds(store: Store): void {
  test('a retry is given the original place, also when the stream has gone on', async () => {
    const stream = newStream()
    const request = newRequest(stream, { expected: 'none', events: newEvents(2) })
    const place = await mustAppend(store(), request)
    await mustAppend(store(), newRequest(stream))
    expect(await store().append(request)).toEqual({ outcome: 'replayed', ...place })
    expect(await all(store().readStream(stream))).toHaveLength(3)
  })

  test('a key used for something else is a mismatch, and nothing is appended', async () => {
    const stream = newStream()
    const request = newRequest(stream)
    const { position } = await mustAppend(store(), request)
    const reused = { ...newRequest(stream), commandId: request.commandId }
    expect(await store().append(reused)).toEqual({ outcome: 'mismatch', position })
    expect(idsOf(await all(store().readStream(stream)))).toEqual(requestedIds(request))
  })

  test('a key is scoped to its stream', async () => {
    const [one, other] = [newRequest(newStream()), newRequest(newStream())]
    await mustAppend(store(), one)
    const commandId = { ...other.commandId, key: one.commandId.key }
    await mustAppend(store(), { ...other, commandId })
  })

  test('of equal commands at one time one is appended, the others are replays of it', async () => {
    const request = newRequest(newStream(), { events: newEvents(2) })
    const results = await Promise.all(Array.from({ length: 20 }, () => store().append(request)))
    const appended = results.filter(({ outcome }) => outcome === 'appended')
    expect(appended).toHaveLength(1)
    const replayed = { ...appended[0], outcome: 'replayed' }
    expect(results.filter((each) => each !== appended[0])).toEqual(Array.from({ length: 19 }, () => replayed))
    expect(idsOf(await all(store().readStream(request.commandId.stream)))).toEqual(requestedIds(request))
  })

  test('of different commands under one key at one time one is appended', async () => {
    const stream = newStream()
    const { commandId } = newRequest(stream)
    const requests = Array.from({ length: 10 }, () => newRequest(stream, { commandId }))
    const results = await Promise.all(requests.map((each) => store().append(each)))
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['appended', ...Array<string>(9).fill('mismatch')])
    expect(await all(store().readStream(stream))).toHaveLength(1)
  })

  test('an append can be recalled by its command id', async () => {
    const request = newRequest(newStream(), { events: newEvents(2) })
    expect(await store().recall(request.commandId)).toBeUndefined()
    const place = await mustAppend(store(), request)
    expect(await store().recall(request.commandId)).toEqual({ ...place, requestHash: request.requestHash })
  })
}

export function describeClaims(store: Store): void {
  test('a name is taken once: who comes second is told by whom', async () => {
    const stream = newStream()
    const claim = { stream, name: 'invoice/1' }
    const first = newRequest(stream, { claims: [claim], events: newEvents(2) })
    const place = await mustAppend(store(), first)
    const second = newRequest(stream, { claims: [{ stream, name: 'free' }, claim] })
    const { requestHash } = first
    expect(await store().append(second)).toEqual({ outcome: 'claimed', claim, requestHash, place })
    expect(await all(store().readStream(stream))).toHaveLength(2)
    expect(await store().recall(second.commandId)).toBeUndefined()
    expect(await store().findClaim({ stream, name: 'free' })).toBeUndefined()
    expect(await store().findClaim(claim)).toEqual({ ...place, requestHash })
  })

  test('a retry of the append that took the claim is a replay', async () => {
    const stream = newStream()
    const request = newRequest(stream, { claims: [{ stream, name: 'mine' }] })
    const place = await mustAppend(store(), request)
    expect(await store().append(request)).toEqual({ outcome: 'replayed', ...place })
  })

  test('a claim is recognized before a revision is refused', async () => {
    const stream = newStream()
    const claims = [{ stream, name: 'mine' }]
    const place = await mustAppend(store(), newRequest(stream, { claims, expected: 'none' }))
    expect(await store().append(newRequest(stream, { claims, expected: 'none' }))).toMatchObject({
      outcome: 'claimed',
      place,
    })
  })

  test('a name is scoped to its stream, and is no command key', async () => {
    const [one, other] = [newStream(), newStream()]
    const request = newRequest(one, { claims: [{ stream: one, name: 'same' }] })
    await mustAppend(store(), request)
    await mustAppend(store(), newRequest(other, { claims: [{ stream: other, name: 'same' }] }))
    await mustAppend(store(), newRequest(one, { commandId: { stream: one, key: 'same' } }))
    await mustAppend(store(), newRequest(one, { claims: [{ stream: one, name: request.commandId.key }] }))
  })

  test('of many who claim one name at one time one gets it', async () => {
    const stream = newStream()
    const claims = [{ stream, name: 'only-one' }]
    const requests: AppendRequest[] = Array.from({ length: 10 }, () => newRequest(stream, { claims }))
    const results = await Promise.all(requests.map((each) => store().append(each)))
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['appended', ...Array<string>(9).fill('claimed')])
    const winner = requests[results.findIndex(({ outcome }) => outcome === 'appended')]
    expect(idsOf(await all(store().readStream(stream)))).toEqual(winner && requestedIds(winner))
  })
}
