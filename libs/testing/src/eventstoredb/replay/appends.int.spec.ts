import { eventually } from '../../eventually.js'
import { REPLAYED } from './catalogue.js'
import { replayable } from './exceptions.js'
import { perform } from './perform.js'
import { fillers } from './seed.js'
import { Session } from './session.js'
import { stepsOf, transcript } from './transcript.js'

/** What is sent comes to the server when a deadline of 1 ms has passed: a fast one would keep it. */
async function late(session: Session, send: () => Promise<void>): Promise<void> {
  // It connects before, and says then what it sends and when.
  await (session.client as unknown as { readonly capabilities: Promise<unknown> }).capabilities
  const [node] = session.double.nodes
  node.silence()
  const sent_ms = Date.now()
  const sending = send()
  await eventually('its deadline has passed', () => Date.now() > sent_ms + 1)
  node.speak()
  await sending
}

describe('appends, deletes and metadata, as recorded', () => {
  test.each(REPLAYED.appends)('%s', async (name) => {
    const session = await Session.open(replayable(name, transcript(name)), {
      tellsFeatures: !name.includes('unimplemented'),
    })
    // These two exist already: the record over the other rpc was made first.
    if (name === 'stream_names_unary') for (const stream of ['$all', '$']) await session.append(stream, fillers(1))
    for (const [index, step] of stepsOf(session.recorded).entries()) {
      const send = (): Promise<void> => perform(session, step, `steps[${index}]`)
      await (name === 'append_deadline' ? late(session, send) : send())
    }
    expect(await session.finish()).toEqual([])
  })
})
