import { EventEmitter } from 'node:events'
import { type ServerResponse } from 'node:http'
import { EventTails } from './event-tails.js'

const token = { expiresAt_ms: Date.now() + 3_600_000 }

/** A response of which it is known whether anybody still holds it. */
class Response extends EventEmitter {
  readonly socket = null
  cuts = 0

  constructor(public destroyed = false) {
    super()
  }

  destroy(): void {
    this.cuts += 1
    this.destroyed = true
    this.emit('close')
  }

  get response(): ServerResponse {
    return this as unknown as ServerResponse
  }
}

test('a tail ends when its reader leaves, and is forgotten', () => {
  const tails = new EventTails()
  const answer = new Response()
  const signal = tails.begin(answer.response, token)
  expect(signal.aborted).toBe(false)
  answer.emit('close')
  expect(signal.aborted).toBe(true)
  tails.end()
  expect(answer.cuts).toBe(0)
})

test('a tail whose reader had left before it began has ended, and is not kept', () => {
  const tails = new EventTails()
  const answer = new Response(true)
  expect(tails.begin(answer.response, token).aborted).toBe(true)
  tails.end()
  expect(answer.cuts).toBe(0)
})

test('a planned stop cuts off those under way, and those that begin after it', () => {
  const tails = new EventTails()
  const [early, late] = [new Response(), new Response()]
  const signals = [tails.begin(early.response, token)]
  tails.end()
  signals.push(tails.begin(late.response, token))
  expect([early.cuts, late.cuts]).toEqual([1, 1])
  expect(signals.every(({ aborted }) => aborted)).toBe(true)
})
