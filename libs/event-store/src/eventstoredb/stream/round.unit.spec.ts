import { type AppendRequest } from '../../port.js'
import { newEvent, newEvents, newRequest, requestedIds } from '../../contract/requests.js'
import { plan, type Planned } from '../log/planned.js'
import { type NamePlace } from '../names/name-index.js'
import { decideRound, keysOf, type World } from './round.js'

const STREAM = 'thing-1'
const place: NamePlace = { revision: 3n, position: 70n, requestHash: 'of the first' }
const ask = (more: Parameters<typeof newRequest>[1] = {}): { planned: Planned; request: AppendRequest } => {
  const request = newRequest(STREAM, more)
  return { planned: plan(request), request }
}
const world = (revision: number, taken: ReadonlyMap<string, NamePlace> = new Map(), lastId?: string): World => ({
  head: { revision, lastId },
  find: (key) => taken.get(key),
})

test('a chain is accepted whole, each upon the one before', () => {
  const first = ask({ expected: 4n, events: newEvents(2) })
  const second = ask({ expected: 6n, tip: requestedIds(first.request)[1]! })
  const third = ask({ expected: 7n, tip: requestedIds(second.request)[0]! })
  expect(decideRound([first, second, third], world(4))).toMatchObject({ accepted: [first, second, third], later: [] })
})

test('nothing is refused upon what is not committed', () => {
  const [first, stale, missing] = [ask({ expected: 4n }), ask({ expected: 4n }), ask({ expected: 'none' })]
  expect(decideRound([first, stale, missing], world(4))).toMatchObject({
    accepted: [first],
    refused: [],
    later: [stale, missing],
  })
  expect(decideRound([stale, missing], world(5))).toMatchObject({ accepted: [], refused: [stale, missing] })
})

test('names that are taken are answered at once, whatever is expected', () => {
  const again = ask({ expected: 'none', requestHash: place.requestHash })
  const other = ask({ requestHash: 'of another' })
  const claims = [{ stream: STREAM, name: 'invoice/1' }]
  const claimed = ask({ claims })
  const [, claim = ''] = keysOf(claimed.planned)
  const taken = new Map([again, other].map(({ planned }) => [planned.command, place] as const)).set(claim, place)
  const { settled, accepted } = decideRound([again, other, claimed], world(9, taken))
  const { revision, position, requestHash } = place
  expect(accepted).toEqual([])
  expect(settled.map(([, result]) => result)).toEqual([
    { outcome: 'replayed', stream: STREAM, revision, position },
    { outcome: 'mismatch', position },
    { outcome: 'claimed', claim: claims[0], requestHash, place: { stream: STREAM, revision, position } },
  ])
})

test('who wants a name that an accepted one takes waits for what becomes of it', () => {
  const claims = [{ stream: STREAM, name: 'once' }]
  const [first, second, free] = [ask({ claims }), ask({ claims }), ask()]
  const twice = { ...first }
  expect(decideRound([first, second, twice, free], world(0))).toMatchObject({
    accepted: [first, free],
    later: [second, twice],
  })
})

test('what does not fit beside the others comes later, in its order; one alone always fits', () => {
  const [many, small] = [ask({ events: newEvents(499) }), ask({ events: newEvents(2) })]
  const last = ask()
  expect(decideRound([many, small, last], world(0))).toMatchObject({ accepted: [many], later: [small, last] })
  const large = ask({ events: [newEvent({ text: 'x'.repeat(900_000) })] })
  expect(decideRound([large], world(0))).toMatchObject({ accepted: [large] })
})
