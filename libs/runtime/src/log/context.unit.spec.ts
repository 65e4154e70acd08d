import { contextFrom } from './context.js'

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('the context of a request is what its headers say', () => {
  const headers = { 'x-correlation-id': 'order:7', 'x-causation-id': 'click-1', traceparent: TRACE }
  expect(contextFrom(headers)).toEqual({ correlationId: 'order:7', causationId: 'click-1', traceparent: TRACE })
})

test('a request without them has a correlation id of its own, and nothing else', () => {
  const [one, other] = [contextFrom({}), contextFrom({})]
  expect(Object.keys(one)).toEqual(['correlationId'])
  expect(one.correlationId).not.toBe(other.correlationId)
})

test.each(['', 'a b', 'ä', 'x'.repeat(129), 'a\nb', ['a', 'b']])('what is no id is not passed on: %j', (id) => {
  const context = contextFrom({ 'x-correlation-id': id, 'x-causation-id': id })
  expect(context).toEqual({ correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string })
})

test.each([
  TRACE.toUpperCase(),
  TRACE.replace('00-', 'ff-'),
  TRACE.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
  TRACE.replace('b7ad6b7169203331', '0'.repeat(16)),
  `${TRACE}-00`,
  'nonsense',
])('what is no trace context is not passed on: %s', (traceparent) => {
  expect(contextFrom({ traceparent })).not.toHaveProperty('traceparent')
})
