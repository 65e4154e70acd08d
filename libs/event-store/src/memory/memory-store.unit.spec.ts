import { describeContract } from '../contract.js'
import { createMemoryStore } from './memory-store.js'

describeContract('memory', async () => {
  const store = createMemoryStore()
  return Promise.resolve({ store, close: () => store.close() })
})
