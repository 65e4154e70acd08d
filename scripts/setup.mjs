// Makes a checkout runnable: dependencies, then the build; each only when what it is made of has changed. `node scripts/setup.mjs build` builds anyway.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')
/** Each lies in what it tells of, so that it goes with that: whoever builds otherwise, or copies one without the other, is not taken for done. */
const stamps = {
  dependencies: join(root, 'node_modules', '.cache', 'headwater', 'dependencies'),
  build: join(root, 'dist', '.built-from'),
}

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
  return existsSync(stamps[name]) && readFileSync(stamps[name], 'utf8') === hash
}

function done(name, hash) {
  mkdirSync(dirname(stamps[name]), { recursive: true })
  writeFileSync(stamps[name], hash)
}

/** Runs a step with its output kept back; shows it when the step fails. */
function run(title, command, args) {
  process.stderr.write(`${title} …\n`)
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status === 0) return
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}${title}: failed\n`)
  process.exit(1)
}

/** Of everything that the build is made of. */
function sourcesHash() {
  const sources = [
    ...['apps', 'libs', 'bench', 'faults'].filter((name) => existsSync(join(root, name))).flatMap((name) => filesBelow(join(root, name))),
    ...['nest-cli.json', '.swcrc', 'package.json', 'scripts/bundle.mjs'].map((name) => join(root, name)),
  ]
  return hashOf(sources.filter((file) => !file.endsWith('.spec.ts')))
}

function build(hash) {
  run('building', process.execPath, [join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build'])
  run('bundling', process.execPath, [join(root, 'scripts', 'bundle.mjs')])
  done('build', hash)
}

/** @param keepsBuild what was built of the same sources is not built again. */
export function setup({ keepsBuild = true } = {}) {
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
  const sources = sourcesHash()
  if (!keepsBuild || !isDone('build', sources)) build(sources)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup({ keepsBuild: process.argv[2] !== 'build' })
