import { REPLAYED } from './catalogue.js'
import { replayable } from './exceptions.js'
import { perform } from './perform.js'
import { fillers } from './seed.js'
import { Session } from './session.js'
import { stepsOf, transcript } from './transcript.js'

describe('appends, deletes and metadata, as recorded', () => {
  test.each(REPLAYED.appends)('%s', async (name) => {
    const session = await Session.open(replayable(name, transcript(name)), {
      tellsFeatures: !name.includes('unimplemented'),
    })
    // These two exist already: the record over the other rpc was made first.
    if (name === 'stream_names_unary') for (const stream of ['$all', '$']) await session.append(stream, fillers(1))
    for (const [index, step] of stepsOf(session.recorded).entries()) await perform(session, step, `steps[${index}]`)
    expect(await session.finish()).toEqual([])
  })
})
