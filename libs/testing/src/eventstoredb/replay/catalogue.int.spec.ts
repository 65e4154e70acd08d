import { NOT_REPLAYED, REPLAYED } from './catalogue.js'
import { transcriptNames } from './transcript.js'

test('every record of the real server is replayed, or it is said why not', () => {
  const known = [...Object.values(REPLAYED).flat(), ...Object.keys(NOT_REPLAYED)]
  expect([...known].sort()).toEqual([...transcriptNames()].sort())
  expect(new Set(known).size).toBe(known.length)
})
