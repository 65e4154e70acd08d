import { spawn } from 'node:child_process'
import { closeSync, readFileSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openLog } from '#local-runtime'
import { projectRoot } from '#runtime'
import { type Local } from '../local.js'
import { CONTROLLER } from '../running-controller.js'

const LINES_SHOWN = 5

export interface StartedController {
  readonly pid: number | undefined
  hasEnded(): boolean
  /** @returns the last lines it wrote, once it has ended by itself; undefined while it runs. */
  failure(): string | undefined
}

/** Starts the controller in a session of its own: neither Ctrl-C nor the end of this process reaches it. */
export async function startController({ config, layout, ports }: Local): Promise<StartedController> {
  await mkdir(layout.logs, { recursive: true })
  const path = join(layout.logs, `${CONTROLLER}.log`)
  const log = openLog(path)
  const { size } = statSync(path)
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
        HEADWATER_INSTANCE: CONTROLLER,
        HEADWATER_PORT: String(ports.controller),
        HEADWATER_PORT_BASE: String(config.HEADWATER_PORT_BASE),
      },
    },
  )
  closeSync(log)
  child.unref()
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    pid: child.pid,
    hasEnded,
    failure: () => {
      if (!hasEnded()) return undefined
      return readFileSync(path).subarray(size).toString('utf8').trimEnd().split('\n').slice(-LINES_SHOWN).join('\n')
    },
  }
}
