// `npm test`: set up what is missing, start a whole system on ports and folders of its own, run every test against it,
// stop it, and see that nothing is left: what is ends here, and the run has failed. Arguments go to Jest: `npm test -- libs/ledger`.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism, freemem, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root, setup } from './setup.mjs'

/** What a run makes at one time takes less than this, with room to spare. In bytes. */
const ROOM = 6 * 2 ** 30

/**
 * Where a run makes its databases: in memory, if there is enough of it and nobody has said where by `TMPDIR`. They are made and removed by
 * hundreds, of hundreds of files each, and a file system on a disk would spend a fifth of the processors on looking for free inodes.
 */
function workplace() {
  const memory = '/dev/shm'
  try {
    const { bavail, bsize } = statfsSync(memory)
    const isRoomy = Math.min(bavail * bsize, freemem(), process.availableMemory()) >= ROOM
    if (process.env.TMPDIR === undefined && isRoomy) return memory
  } catch {
    // There is none here.
  }
  return tmpdir()
}

/** A block of ports whose first and usual ones are free. */
async function freePortBase() {
  const isFree = (port) =>
    new Promise((resolve) => {
      const server = createServer().once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
  for (;;) {
    const base = 20_000 + 100 * Math.floor(Math.random() * 120)
    const ports = [1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 50, 51, 52].map((offset) => base + offset)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base
  }
}

/**
 * Ids of the processes that this run has started, and those have: it is in their environment. Redis writes its title over that, and works in
 * a folder of the run.
 */
function processesOf(run) {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`HEADWATER_TEST_RUN=${run}`)) return true
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${run}/`)
    } catch {
      return false
    }
  })
}

/** Ends them: asks, and kills those that do not, also those that are stopped. */
async function endAll(run) {
  for (const signal of ['SIGQUIT', 'SIGKILL']) {
    for (const pid of processesOf(run)) {
      try {
        process.kill(Number(pid), signal)
      } catch {
        // It has ended meanwhile.
      }
    }
    const until_ms = Date.now() + 5_000
    while (processesOf(run).length > 0 && Date.now() < until_ms) await sleep(100)
  }
}

setup()
const folder = mkdtempSync(join(workplace(), 'headwater-test-'))
// Started by root, Postgres runs as another user: what that one cannot reach it would keep elsewhere, and leave there.
chmodSync(folder, 0o711)
// A test that fails or is ended removes nothing: what it made is in here, and goes with the rest. Jest's own cache stays.
const temporary = join(folder, 'tmp')
mkdirSync(temporary)
chmodSync(temporary, 0o1777)
const cache = join(root, 'node_modules', '.cache', 'jest')
const env = {
  ...process.env,
  HEADWATER_DATA: join(folder, 'data'),
  HEADWATER_PORT_BASE: String(await freePortBase()),
  HEADWATER_ROOT: root,
  HEADWATER_TEST_RUN: folder,
  LOG_LEVEL: 'info',
}
for (const name of ['EVENT_STORE', 'EVENT_STORE_URL', 'EVENT_STORE_PREFIX', 'PRIMARY_URL', 'REPLICA_URLS', 'REDIS_URL', 'HEADWATER_JWKS_URL']) delete env[name]
const cli = join(root, 'bin', 'headwater')

let jest
let isStopping = false

process.stderr.write('starting a system to test against …\n')
const system = spawn(process.execPath, [cli, 'up'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
let said = ''
system.stdout.on('data', (bytes) => {
  said += bytes
})
const ended = new Promise((resolve) => system.once('exit', (code) => resolve(code ?? 1)))
const stop = () => {
  isStopping = true
  if (jest) jest.kill('SIGTERM')
  else system.kill('SIGTERM')
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
while (!said.includes('Headwater is ready')) {
  if (said.includes('Not all is ready')) stop()
  if (system.exitCode !== null || system.signalCode !== null) {
    process.stderr.write(`the system did not start; its logs are in ${env.HEADWATER_DATA}/logs\n`)
    process.exit(1)
  }
  await sleep(100)
}

/** One run of Jest. @returns what it counted; one failure when it ended without counting. */
async function run(name, ...how) {
  const results = join(folder, `${name}.json`)
  const bin = join(root, 'node_modules', 'jest', 'bin', 'jest.js')
  const args = [bin, ...how, '--cacheDirectory', cache, '--passWithNoTests', '--json', '--outputFile', results, ...process.argv.slice(2)]
  jest = spawn(process.execPath, args, { cwd: root, env: { ...env, TMPDIR: temporary }, stdio: ['ignore', 'ignore', 'inherit'] })
  const code = await new Promise((resolve) => jest.once('exit', (status) => resolve(status ?? 1)))
  try {
    const { numPassedTests: passed, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(results, 'utf8'))
    return { passed, failed: numFailedTests || numFailedTestSuites || Number(code !== 0) }
  } catch {
    process.stderr.write(`Jest left no results (${name})\n`)
    return { passed: 0, failed: 1 }
  }
}

// One more than there are processors: a fifth of the time tests wait for what others do.
const workers = String(Math.min(4, availableParallelism() + 1))

// What kills or rebuilds parts of the whole system (`alone`) goes last, one test after the other.
// There Jest would wait for what a failed test has left open.
const runs = [
  await run('together', '--selectProjects', 'unit', 'int', 'e2e', '--maxWorkers', workers, '--testSequencer', join(root, 'scripts', 'longest-first.cjs')),
]
if (!isStopping) runs.push(await run('alone', '--selectProjects', 'alone', '--runInBand', '--forceExit'))

system.kill('SIGTERM')
const status = await ended
const left = processesOf(folder).join(', ')
const passed = runs.reduce((sum, each) => sum + each.passed, 0)
let failed = runs.reduce((sum, each) => sum + each.failed, 0)
if (passed + failed === 0) {
  failed = 1
  process.stderr.write('no test matches\n')
}
if (status !== 0) {
  failed += 1
  process.stderr.write(`the system ended with ${status}\n`)
}
if (left !== '') {
  failed += 1
  process.stderr.write(`processes are left, and are ended: ${left}\n`)
  await endAll(folder)
}
if (failed === 0) rmSync(folder, { recursive: true, force: true })
else {
  // Not in memory.
  const kept = join(tmpdir(), basename(folder))
  if (kept !== folder) spawnSync('mv', [folder, kept])
  process.stderr.write(`data and logs are kept in ${kept}\n`)
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exit(failed === 0 && !isStopping ? 0 : 1)
