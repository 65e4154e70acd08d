import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { projectRoot } from '../config/project-root.js'

const LOGGER = pathToFileURL(join(projectRoot(), 'dist', 'libs', 'runtime', 'src', 'log', 'logger.js')).href

/** A process that logs. */
function run(script: string, stdout: number | 'pipe'): ChildProcess {
  const before = `import { createLogger } from ${JSON.stringify(LOGGER)}
    const logger = createLogger({ role: 'r', instance: 'i', level: 'info' })\n`
  const args = ['--input-type=module', '-e', before + script]
  return spawn(process.execPath, args, { stdio: ['ignore', stdout, 'inherit'], timeout: 60_000 })
}

async function onFullDisk(script: string): Promise<unknown> {
  const full = openSync('/dev/full', 'w')
  const ended = once(run(script, full), 'exit')
  closeSync(full)
  return (await ended)[0]
}

const messagesOf = (lines: string): readonly string[] =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly msg: string }).msg)

test('who logs goes on when the disk is full, be the line a fatal one', async () => {
  expect(await onFullDisk(`logger.info('one'); logger.info('two'); logger.fatal('three'); process.exit(7)`)).toBe(7)
})

/** What is in the log when there is room again for a process that has logged `before` it, and then logs `after`. */
async function logged(before: string, after: string): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-log-'))
  const file = join(folder, 'log')
  const script = `import { closeSync, openSync } from 'node:fs'
    ${before}
    closeSync(1)
    if (openSync(${JSON.stringify(file)}, 'w') !== 1) process.exit(1)
    ${after}`
  try {
    expect(await onFullDisk(script)).toBe(0)
    return messagesOf(await readFile(file, 'utf8'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('what did not fit is written when there is room again, in order', async () => {
  expect(await logged(`logger.info('one'); logger.info('two')`, `logger.info('three')`)).toEqual([
    'one',
    'two',
    'three',
  ])
})

test('what is kept of what does not fit is bounded: the first lines, each whole, and then it goes on', async () => {
  const line = (at: string): string => `logger.info('x'.repeat(1024) + ${at})`
  const messages = await logged(`for (let at = 0; at < 10_000; at += 1) ${line('at')}`, `${line('-1')}; ${line('-2')}`)
  const numbers = messages.map((message) => Number(message.slice(1024)))
  expect(numbers.length).toBeLessThan(5_000)
  expect(numbers).toEqual([...Array(numbers.length - 1).keys(), -2])
})

test('a reader that is slow is waited for: every line comes, the last one before the process ends', async () => {
  const lines = 10_000
  const script = `const line = 'x'.repeat(1024)
    process.stdout.on('error', () => undefined)
    for (let at = 0; at < ${lines}; at += 1) logger.info(line + at)
    process.exit(0)`
  const child = run(script, 'pipe')
  let said = ''
  for await (const bytes of child.stdout!) {
    said += String(bytes)
    // Others have their turn: the pipe is full most of the time.
    await new Promise(setImmediate)
  }
  expect(messagesOf(said).map((message) => Number(message.slice(1024)))).toEqual([...Array(lines).keys()])
})
