import { spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '#runtime'
import { eventually, familyOf, statOf } from '#testing'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-interrupted-'))
  await chmod(folder, 0o711)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Postgres, writers and clients, as soon as there are so many processes of it. */
const RUNNING = 12

test('a second Ctrl-C ends a run at once, with all that it has started, and leaves no folder', async () => {
  const env = { ...process.env, TMPDIR: folder }
  const run = spawn(process.execPath, [join(projectRoot(), 'dist', 'faults', 'main.js'), 'link'], { env })
  const ended = once(run, 'exit')
  let said = ''
  run.stderr.on('data', (text: Buffer) => (said += text.toString()))
  try {
    const runs = (): readonly number[] | false => {
      const all = familyOf(run.pid ?? 0)
      return all.length >= RUNNING && all
    }
    const family = await eventually('it runs', runs)
    run.kill('SIGINT')
    await eventually('it has heard the first', () => said.includes('once more to end at once'))
    run.kill('SIGINT')
    expect(await ended).toEqual([130, null])
    await eventually('all are gone', () => family.every((pid) => ['Z', undefined].includes(statOf(pid)[0])))
    expect(await readdir(folder)).toEqual([])
  } finally {
    run.kill('SIGKILL')
  }
})
