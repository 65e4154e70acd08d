import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalPlan, localPlan, localSettings } from '#local-runtime'
import { parseConfig } from '#runtime'
import { freePort, silentLogger } from '#testing'
import { Supervisor } from './supervisor.js'

/** Only then Postgres runs as another user, who cannot reach a folder of ours. */
const asRoot = process.getuid?.() === 0 ? test : test.skip

const elsewhere: string[] = []
afterEach(async () => {
  for (const path of elsewhere.splice(0)) await rm(path, { recursive: true, force: true })
})

/** Starts the primary only, and stops it. @returns whether it became ready. */
async function runPrimary(plan: LocalPlan): Promise<boolean> {
  const startOrder = [['postgres-primary']]
  const components = plan.components.filter(({ name }) => name === 'postgres-primary')
  const supervisor = new Supervisor({ ...plan, components, startOrder }, silentLogger())
  await supervisor.start()
  const isReady = supervisor.processes.every((each) => each.isReady)
  await supervisor.stopAll()
  const { args } = components[0]!.launch()
  elsewhere.push(args[args.indexOf('-D') + 1] ?? '')
  return isReady
}

asRoot(
  'after the data folder was deleted, a cluster that lies elsewhere does not keep a new one from its place',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'headwater-deleted-'))
    const config = parseConfig(localSettings, {
      HEADWATER_DATA: folder,
      HEADWATER_PORT_BASE: String((await freePort()) - 50),
    })
    const notices: string[] = []
    const plan = (): Promise<LocalPlan> => localPlan(config, (text) => notices.push(text))
    try {
      expect(await runPrimary(await plan())).toBe(true)
      expect(await runPrimary(await plan())).toBe(true)
      expect(notices).toEqual([])
      await rm(folder, { recursive: true })
      await mkdir(folder, { mode: 0o700 })
      expect(await runPrimary(await plan())).toBe(true)
      const aside = /kept in ([^,]*),/.exec(notices.join())?.[1] ?? ''
      elsewhere.push(aside)
      expect(existsSync(join(aside, 'PG_VERSION'))).toBe(true)
      expect(notices).toHaveLength(1)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
