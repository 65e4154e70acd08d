import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type PidFile, portBaseIn, readPidFile, runningIn } from '#local-runtime'
import { type Local } from './local.js'

export const CONTROLLER = 'controller-1'

const fileOf = ({ layout }: Local): string => join(layout.run, `${CONTROLLER}.json`)

/** The controller that runs on this data folder, if one does. */
export async function runningController(here: Local): Promise<PidFile | undefined> {
  return readPidFile(fileOf(here))
}

/** Was everything stopped, as planned? A controller that does that leaves no pid file, its own included; one that dies leaves its own. */
export async function isStopped(here: Local): Promise<boolean> {
  return !existsSync(fileOf(here)) && (await runningIn(here.layout.run)).length === 0
}

/** @returns what to tell whoever looks for a system at other ports than those at which the one of this data folder runs. */
export async function runsElsewhere(here: Local): Promise<string | undefined> {
  const { layout, config } = here
  const base = await portBaseIn(fileOf(here))
  if (base === undefined || base === config.HEADWATER_PORT_BASE) return undefined
  // Without a controller its processes go on where they are.
  if ((await runningIn(layout.run)).length === 0) return undefined
  return `a system runs on the data folder ${layout.root} at port base ${base}: set HEADWATER_PORT_BASE=${base}, or another HEADWATER_DATA`
}
