import { closeSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLog } from './log-file.js'

const BYTES_MAX = 20 * 1024 * 1024

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headwater-log-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  [BYTES_MAX, ['a.log']],
  [BYTES_MAX + 1, ['a.log', 'a.log.1']],
])('a log of %d bytes', (bytes, files) => {
  const file = join(folder, 'a.log')
  writeFileSync(file, '')
  truncateSync(file, bytes)
  closeSync(openLog(file))
  expect(readdirSync(folder).sort()).toEqual(files)
  expect(statSync(files.at(-1) === 'a.log' ? file : `${file}.1`).size).toBe(bytes)
})
