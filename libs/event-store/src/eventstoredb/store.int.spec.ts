import { eventStoreDbSubject, type EventStoreDoubleOptions, openEventStoreDouble } from '#testing'
import { describeAppendContract, describeContract, type Subject } from '../contract.js'

/** A real server, where one is named; else the double of one. */
async function server(options: EventStoreDoubleOptions): Promise<{ url: string; close(): Promise<void> }> {
  const real = process.env['EVENT_STORE_TEST_URL'] ?? ''
  if (real !== '') return { url: real, close: async () => Promise.resolve() }
  const double = await openEventStoreDouble(options)
  return { url: double.url, close: () => double.close() }
}

async function open(options: EventStoreDoubleOptions = {}): Promise<Subject> {
  const { url, close } = await server(options)
  const subject = await eventStoreDbSubject(url)
  subject.index()
  return {
    store: subject.store,
    backlog_events: 4_500,
    close: async () => {
      await subject.close()
      await close()
    },
  }
}

const lacks = { multiStreamAppends: false }
describeContract('eventstoredb', () => open(), lacks)
// To such a server the client appends by a call each, whose failures look otherwise.
describeAppendContract('eventstoredb that does not tell its features', () => open({ tellsFeatures: false }), lacks)
