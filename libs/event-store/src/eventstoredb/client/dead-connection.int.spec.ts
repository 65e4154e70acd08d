import { type EventStoreDbSubject, eventStoreDbSubject, type EventStoreDouble, openEventStoreDouble } from '#testing'
import { SilentLink } from '#testing'
import { mustAppend, newRequest, newStream } from '../../contract/requests.js'
import { SHORT_ATTEMPTS } from '../../fixtures/short-patience.js'

let double: EventStoreDouble
let link: SilentLink
let subject: EventStoreDbSubject

beforeEach(async () => {
  double = await openEventStoreDouble()
  link = await SilentLink.open(double.url)
})
afterEach(async () => {
  await subject.close()
  await link.close()
  await double.close()
})

test.each(['', '&keepAliveInterval=20000', '&keepAliveInterval=-1'])(
  'a connection that is dead for ever is not used again by the next client (options "%s")',
  async (options) => {
    subject = await eventStoreDbSubject(`${link.url}${options}`, SHORT_ATTEMPTS)
    const stream = newStream()
    await mustAppend(subject.store, newRequest(stream))
    link.fallSilent()
    expect(await subject.store.append(newRequest(stream))).toMatchObject({ outcome: 'appended', revision: 1n })
  },
)
