import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureLocalKey, projectRoot } from '#runtime'

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headwater-arguments-'))
  await ensureLocalKey(join(folder, 'keys'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['token', 'reader'],
  ['status', 'all'],
  ['projections', 'rollback', 'statement', 'accounts'],
  ['up', 'now'],
])('what a command does not take is refused, and nothing is done: %s %s', (...args) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(projectRoot(), 'bin', 'headwater'), ...args], {
    env: { ...process.env, HEADWATER_DATA: folder },
    encoding: 'utf8',
  })
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toContain('too many arguments')
})
