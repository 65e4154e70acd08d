import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '#runtime'
import { localPlan, localSettings } from '../plan.js'
import { type Component } from '../process/component.js'
import { elsewhere } from '../process/owner.js'

/** Only then Postgres runs as another user, who may not reach a folder of ours. */
const asRoot = process.getuid?.() === 0 ? describe : describe.skip

asRoot('a database that Postgres can reach no longer where it is, or could by now where it is not', () => {
  let folder: string
  let place: string
  let notices: string[]
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headwater-reach-'))
    place = join(folder, 'data', 'postgres-primary')
    notices = []
  })
  afterEach(async () => {
    await rm(elsewhere(place), { recursive: true, force: true })
    for (const aside of notices.map((each) => /kept in ([^,]*),/.exec(each)?.[1] ?? ''))
      await rm(aside, { recursive: true, force: true })
    await rm(folder, { recursive: true, force: true })
  })

  async function primary(): Promise<Component> {
    const config = parseConfig(localSettings, { HEADWATER_DATA: join(folder, 'data') })
    const { components } = await localPlan(config, (text) => notices.push(text))
    const found = components.find(({ role }) => role === 'postgres-primary')
    if (!found) throw new Error('there is none')
    return found
  }

  test.each([
    ['711', '700'],
    ['700', '711'],
  ])('is not taken for one that was never made (mode %s above it, then %s)', async (before, after) => {
    await chmod(folder, before)
    await (await primary()).prepare()
    await chmod(folder, after)
    for (const named of [place, elsewhere(place)])
      await expect((await primary()).prepare()).rejects.toThrow(new RegExp(`${named}\\b`))
    await chmod(folder, before)
    await (await primary()).prepare()
    expect(notices).toEqual([])
  })

  test('is out of the way of a new data folder in its place, whatever its mode', async () => {
    await (await primary()).prepare()
    await rm(join(folder, 'data'), { recursive: true })
    await chmod(folder, 0o711)
    await (await primary()).prepare()
    expect(notices).toEqual([expect.stringContaining('is kept in')])
  })
})
