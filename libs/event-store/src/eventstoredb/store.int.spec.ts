import { eventStoreDbSubject, openEventStoreDouble } from '#testing'
import { describeContract } from '../contract.js'

/** A real server, where one is named; else the double of one. */
async function server(): Promise<{ url: string; close(): Promise<void> }> {
  const real = process.env['EVENT_STORE_TEST_URL'] ?? ''
  if (real !== '') return { url: real, close: async () => Promise.resolve() }
  const double = await openEventStoreDouble()
  return { url: double.url, close: () => double.close() }
}

describeContract(
  'eventstoredb',
  async () => {
    const { url, close } = await server()
    const subject = await eventStoreDbSubject(url)
    subject.index()
    return {
      store: subject.store,
      close: async () => {
        await subject.close()
        await close()
      },
    }
  },
  { multiStreamAppends: false },
)
