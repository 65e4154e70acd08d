// Makes a checkout runnable: dependencies, then the build; each only when what it is made of has changed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stamps = join(root, 'node_modules', '.cache', 'headwater')

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (!entry.isDirectory()) return [path]
    return entry.name === 'dist' ? [] : filesBelow(path)
  })
}

function hashOf(files) {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}`)
  for (const file of [...files].sort()) hash.update(relative(root, file)).update(readFileSync(file))
  return hash.digest('hex')
}

function isDone(name, hash) {
  const file = join(stamps, name)
  return existsSync(file) && readFileSync(file, 'utf8') === hash
}

function done(name, hash) {
  mkdirSync(stamps, { recursive: true })
  writeFileSync(join(stamps, name), hash)
}

/** Runs a step with its output kept back; shows it when the step fails. */
function run(title, command, args) {
  process.stderr.write(`${title} …\n`)
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status === 0) return
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}${title}: failed\n`)
  process.exit(1)
}

export function setup() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(`Headwater needs Node 20.19 or newer; this is ${process.version}\n`)
    process.exit(1)
  }
  const dependencies = hashOf([join(root, 'package.json'), join(root, 'package-lock.json')])
  if (!isDone('dependencies', dependencies)) {
    run('installing dependencies', 'npm', ['ci', '--no-audit', '--no-fund'])
    done('dependencies', dependencies)
  }
  const sources = [
    ...['apps', 'libs', 'bench', 'faults'].filter((name) => existsSync(join(root, name))).flatMap((name) => filesBelow(join(root, name))),
    ...['nest-cli.json', '.swcrc', 'package.json', 'scripts/bundle.mjs'].map((name) => join(root, name)),
  ]
  const build = hashOf(sources.filter((file) => !file.endsWith('.spec.ts')))
  if (!isDone('build', build) || !existsSync(join(root, 'dist', 'apps'))) {
    run('building', process.execPath, [join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build'])
    run('bundling', process.execPath, [join(root, 'scripts', 'bundle.mjs')])
    done('build', build)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup()
