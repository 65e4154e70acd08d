import { TESTS } from './all.js'
import { commandLine, type CommandLine } from './command-line.js'
import { FaultFolder } from './fault-folder.js'
import { figuresOf, summaryOf } from './figures.js'
import { untilInterrupted } from './interrupted.js'
import { type Outcome } from './outcome.js'

function print(name: string, seed: number, outcome: Outcome, seconds: number): void {
  const { counts, measured, times, more, offenders } = outcome
  console.log(`\n${name}: ${measured.words}`)
  console.table(Object.fromEntries(figuresOf(times).map(({ kind, ...row }) => [kind, row])))
  const told = Object.entries({ ...more, seconds }).map(([key, value]) => `${key} ${value}`)
  console.log(told.join(', '))
  console.table({ [name]: counts })
  for (const each of offenders) console.log(`BROKEN ${each}`)
  if (times.length === 0) console.log('nothing was broken: this proves nothing')
  console.log(JSON.stringify(summaryOf(name, outcome, { seed, seconds })))
}

async function run({ test, cycles, seed }: CommandLine, signal: AbortSignal): Promise<void> {
  const { name } = test
  const began_ms = Date.now()
  process.stderr.write(`${name}: ${cycles} cycles, seed ${seed}\n`)
  const onCycle = (done: number): void => {
    if (done % 10 === 0 || done === cycles) process.stderr.write(`${done} of ${cycles}\n`)
  }
  const outcome = await test.run({ seed, cycles, onCycle, signal })
  print(name, seed, outcome, Math.round((Date.now() - began_ms) / 1_000))
  process.exitCode = outcome.isSound && outcome.times.length > 0 ? 0 : 1
}

const asked = commandLine(process.argv.slice(2), TESTS, (status) => process.exit(status))
const folder = new FaultFolder()
try {
  await run(asked, untilInterrupted(folder))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
} finally {
  folder.removeIfEmpty()
}
