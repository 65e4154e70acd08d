import { PassThrough } from 'node:stream'
import { endWithReader } from './end-with-reader.js'

const broken = (code: string): Error => Object.assign(new Error(`write ${code}`), { code })

test('a reader that has left ends it', () => {
  const output = new PassThrough()
  const end = jest.fn()
  endWithReader(output, end)
  output.emit('error', broken('EPIPE'))
  expect(end).toHaveBeenCalledTimes(1)
})

test('any other failure is not passed over', () => {
  const output = new PassThrough()
  const end = jest.fn()
  endWithReader(output, end)
  expect(() => output.emit('error', broken('ENOSPC'))).toThrow('ENOSPC')
  expect(end).not.toHaveBeenCalled()
})
