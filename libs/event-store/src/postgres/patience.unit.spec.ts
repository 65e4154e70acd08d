import { APPEND_MS_MAX } from '../remote/remote-store.js'
import { PATIENCE_MS } from './reader.js'

test('an append, and the read that follows upon its failure, are over when a command gives up, after 10 s', () => {
  expect(APPEND_MS_MAX + PATIENCE_MS).toBeLessThanOrEqual(10_000)
})
