import { Payload, textFrame } from './payload.js'

test('a packet is a socket.io event of the namespace, with the id of the subscription', () => {
  const { text } = new Payload('7', { name: 'grün' }).packet('change', 's3')
  expect(text.startsWith('2/live,')).toBe(true)
  expect(JSON.parse(text.slice('2/live,'.length))).toEqual([
    'change',
    { subscription: 's3', position: '7', data: { name: 'grün' } },
  ])
})

test('it is encoded once for all whose subscription has the same id, and the data once for everybody', () => {
  let encodings = 0
  const data = { toJSON: () => (encodings += 1) }
  const payload = new Payload('7', data)
  const first = payload.packet('change', 's1')
  expect(payload.packet('change', 's1')).toBe(first)
  expect(payload.packet('change', 's2').text).toBe(first.text.replace('s1', 's2'))
  expect(payload.packet('reset', 's2').text).toContain('"reset"')
  expect(encodings).toBe(1)
})

/** As a reader takes a frame apart: RFC 6455, 5.2. */
function decoded(frame: Buffer): string {
  expect(frame[0]).toBe(0x81)
  const length = frame.readUInt8(1)
  if (length < 126) return exactly(frame.subarray(2), length)
  return length === 126
    ? exactly(frame.subarray(4), frame.readUInt16BE(2))
    : exactly(frame.subarray(10), Number(frame.readBigUInt64BE(2)))
}

function exactly(bytes: Buffer, length: number): string {
  expect(bytes.byteLength).toBe(length)
  return bytes.toString()
}

test.each([0, 1, 125, 126, 65_535, 65_536, 100_000])('a frame holds a text of %d bytes', (length) => {
  const text = 'x'.repeat(length)
  expect(decoded(textFrame(text))).toBe(text)
})

test('a frame counts bytes, not characters', () => {
  const text = '€'.repeat(50)
  expect(decoded(textFrame(text))).toBe(text)
})
