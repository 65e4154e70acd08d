import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

/** Copies the source as the real one compiles it, into a folder that it empties first. */
const NEST = `
const { cpSync, rmSync } = require('node:fs')
rmSync('dist', { recursive: true, force: true })
cpSync('apps', 'dist/apps', { recursive: true })`

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'headwater-setup-'))
  for (const name of ['nest-cli.json', '.swcrc', 'package.json', 'package-lock.json']) write(name, '{}')
  write('node_modules/@nestjs/cli/bin/nest.js', NEST)
  write('scripts/bundle.mjs', '')
  write('bin/npm', '#!/bin/sh\n')
  chmodSync(join(root, 'bin/npm'), 0o755)
  cpSync(join(__dirname, '../../../scripts/setup.mjs'), join(root, 'scripts/setup.mjs'))
  write('apps/one.ts', 'first')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), text)
}

/** What `npm start` does first, or `npm run build`. @returns what it said. */
function setup(...args: readonly string[]): string {
  const env = { ...process.env, PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}` }
  const { status, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs', ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  return stderr
}

const built = (): string => readFileSync(join(root, 'dist/apps/one.ts'), 'utf8')

test('what was built of the same sources is not built again, unless that is what was asked for', () => {
  expect(setup()).toContain('building …')
  expect(setup()).toBe('')
  expect(setup('build')).toContain('building …')
  expect(setup()).toBe('')
})

test('sources that came back to what they were are built again when others were built meanwhile', () => {
  setup()
  write('apps/one.ts', 'second')
  setup('build')
  write('apps/one.ts', 'first')
  setup()
  expect(built()).toBe('first')
})

test('whoever builds without it, or takes the dependencies only, is not taken for done', () => {
  setup()
  spawnSync(process.execPath, ['node_modules/@nestjs/cli/bin/nest.js'], { cwd: root })
  expect(setup()).toContain('building …')
  rmSync(join(root, 'dist'), { recursive: true })
  expect(setup()).toContain('building …')
  expect(built()).toBe('first')
})
