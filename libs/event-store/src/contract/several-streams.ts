import {
  all,
  idsOf,
  mustAppend,
  newEvents,
  newRequest,
  newStream,
  positionAfter,
  requestedIds,
  type Store,
} from './requests.js'

export function describeSeveralStreams(store: Store): void {
  test('are written together; the result speaks of the first', async () => {
    const [one, other] = [newStream(), newStream()]
    const writes = [
      { stream: one, expected: 'none' as const, events: newEvents(2) },
      { stream: other, expected: 'none' as const, events: newEvents(3) },
    ]
    const before = await store().head()
    const request = { ...newRequest(one), writes }
    const place = await mustAppend(store(), request)
    expect(place).toEqual({ stream: one, revision: 1n, position: positionAfter(store(), before, 2, place.position) })
    expect(idsOf(await all(store().readAll({ after: before })))).toEqual(requestedIds(request))
    expect(await all(store().readStream(other))).toHaveLength(3)
    expect(await store().append(request)).toEqual({ outcome: 'replayed', ...place })
  })

  test('or not at all', async () => {
    const [one, other] = [newStream(), newStream()]
    const writes = [
      { stream: one, expected: 'none' as const, events: newEvents(1) },
      { stream: other, expected: 'exists' as const, events: newEvents(1) },
    ]
    const before = await store().head()
    const result = await store().append({ ...newRequest(one), writes })
    expect(result).toEqual({ outcome: 'conflict', stream: other, revision: -1n, tail: [] })
    expect(await store().head()).toBe(before)
  })

  test('a check binds a stream that is not written', async () => {
    const [written, checked] = [newStream(), newStream()]
    await mustAppend(store(), newRequest(checked, { events: newEvents(3) }))
    const stale = newRequest(written, { checks: [{ stream: checked, expected: 1n }] })
    const tail = await all(store().readStream(checked, { from: 2n }))
    expect(await store().append(stale)).toEqual({ outcome: 'conflict', stream: checked, revision: 2n, tail })
    expect(await all(store().readStream(written))).toEqual([])
    await mustAppend(store(), newRequest(written, { checks: [{ stream: checked, expected: 2n }] }))
    expect(await all(store().readStream(checked))).toHaveLength(3)
  })

  test('a write and a check of one stream: the tail is that of the one that fails', async () => {
    const stream = newStream()
    await mustAppend(store(), newRequest(stream, { events: newEvents(4) }))
    const tail = await all(store().readStream(stream, { from: 2n }))
    const conflict = { outcome: 'conflict', stream, revision: 3n, tail }
    const behind = { expected: 1n }
    const upToDate = { expected: 3n }
    for (const [written, checked] of [
      [behind, upToDate],
      [upToDate, behind],
    ] as const)
      expect(await store().append(newRequest(stream, { ...written, checks: [{ stream, ...checked }] }))).toEqual(
        conflict,
      )
  })
}

/** A store that cannot write or check several streams at once says so, and does nothing by halves. */
export function describeOneStreamOnly(store: Store): void {
  const [one, other] = [newStream(), newStream()]
  const write = (stream: string) => ({ stream, expected: 'none' as const, events: newEvents(1) })

  test.each([
    ['two writes', { writes: [write(one), write(other)] }],
    ['a check of another stream', { checks: [{ stream: other, expected: 'none' as const }] }],
    ['a claim in another stream', { claims: [{ stream: other, name: 'mine' }] }],
    ["another stream's command", { commandId: { stream: other, key: 'theirs' } }],
  ])('%s: refused as lacking, whole', async (_, more) => {
    const before = await store().head()
    const asked = store().append({ ...newRequest(one), ...more })
    await expect(asked).rejects.toMatchObject({
      name: 'StoreLacksCapability',
      capability: 'multiStreamAppends',
      retryable: false,
    })
    expect(await store().head()).toBe(before)
  })
}
