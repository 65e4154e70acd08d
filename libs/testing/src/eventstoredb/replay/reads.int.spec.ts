import { REPLAYED } from './catalogue.js'
import { replayable } from './exceptions.js'
import { perform } from './perform.js'
import { fillers, seed, shownBy } from './seed.js'
import { Session } from './session.js'
import { stepsOf, transcript } from './transcript.js'

describe('reads, as recorded', () => {
  test.each(REPLAYED.reads)('%s', async (name) => {
    const session = await Session.open(replayable(name, transcript(name)))
    const shown = shownBy(session)
    await seed(session, shown)
    const { client_result: count } = session.recorded
    if (typeof count === 'number') await session.append(shown[0]!.stream, fillers(count - shown.length))
    for (const [index, step] of stepsOf(session.recorded).entries()) await perform(session, step, `steps[${index}]`)
    expect(await session.finish()).toEqual([])
  })
})
