import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { projectRoot } from '#runtime'
import { statOf } from './processes.js'

const built = join(projectRoot(), 'dist', 'libs', 'testing', 'src', 'servers', 'ends-with-me.js')

/** One child writes into its folder until it is asked to end, and a little longer; of the other nobody was told. */
const PROGRAM = `
  import { spawn } from 'node:child_process'
  import { endsWithMe, temporaryFolder } from ${JSON.stringify(built)}
  const { folder } = temporaryFolder('gone')
  const kept = temporaryFolder('kept')
  kept.keep()
  const script = 'trap "touch $0/late; exit" TERM; while :; do touch $0/file; sleep 0.01; done'
  const told = spawn('sh', ['-c', script, folder], { stdio: 'ignore', detached: true })
  endsWithMe(told, 'SIGTERM')
  const untold = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true })
  process.once('SIGTERM', () => process.exit(7))
  console.log(JSON.stringify({ folder, kept: kept.folder, pids: [told.pid, untold.pid] }))
  setInterval(() => undefined, 1_000)
`

test('a process that is interrupted leaves neither children nor folders, but what is kept', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = text(child.stdout)
  const ended = once(child, 'exit')
  await once(child.stdout, 'readable')
  child.kill('SIGTERM')
  expect(await ended).toEqual([7, null])
  const { folder, kept, pids } = JSON.parse(await output) as { folder: string; kept: string; pids: number[] }
  expect(pids.map((pid) => statOf(pid)[0]).filter((state) => state !== undefined && state !== 'Z')).toEqual([])
  expect([existsSync(folder), existsSync(kept)]).toEqual([false, true])
  rmSync(kept, { recursive: true })
})
