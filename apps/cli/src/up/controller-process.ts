import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type PidFile, projectRoot, readPidFile } from '#local-runtime'
import { type Local } from '../local.js'

const INSTANCE = 'controller-1'

/** The controller that runs on this data folder, if one does. */
export async function runningController({ layout }: Local): Promise<PidFile | undefined> {
  return readPidFile(join(layout.run, `${INSTANCE}.json`))
}

/** Starts the controller in a session of its own: neither Ctrl-C nor the end of this process reaches it. */
export async function startController({ config, layout, ports }: Local): Promise<void> {
  await mkdir(layout.logs, { recursive: true })
  const log = openSync(join(layout.logs, `${INSTANCE}.log`), 'a')
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', join(projectRoot(), 'dist', 'apps', 'controller', 'src', 'main.js')],
    {
      cwd: projectRoot(),
      detached: true,
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        HEADWATER_ROOT: projectRoot(),
        HEADWATER_DATA: layout.root,
        HEADWATER_INSTANCE: INSTANCE,
        HEADWATER_PORT: String(ports.controller),
        HEADWATER_PORT_BASE: String(config.HEADWATER_PORT_BASE),
      },
    },
  )
  closeSync(log)
  child.unref()
}
