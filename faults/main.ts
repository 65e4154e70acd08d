import { Command, InvalidArgumentError } from 'commander'
import { TESTS } from './all.js'
import { figuresOf, summaryOf } from './figures.js'
import { type Outcome } from './outcome.js'

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('it must be a whole number.')
  return Number(text)
}

function print(name: string, seed: number, outcome: Outcome, seconds: number): void {
  const { counts, measured, times, more, offenders } = outcome
  console.log(`\n${name}: ${measured.words}`)
  console.table(Object.fromEntries(figuresOf(times).map(({ kind, ...row }) => [kind, row])))
  const told = Object.entries({ ...more, seconds }).map(([key, value]) => `${key} ${value}`)
  console.log(told.join(', '))
  console.table({ [name]: counts })
  for (const each of offenders) console.log(`BROKEN ${each}`)
  console.log(JSON.stringify(summaryOf(name, outcome, { seed, seconds })))
}

async function run(name: string, options: { readonly cycles?: number; readonly seed: number }): Promise<void> {
  const test = TESTS.find((each) => each.name === name)
  if (!test) throw new InvalidArgumentError(`there is no ${name}: ${TESTS.map((each) => each.name).join(', ')}`)
  const { cycles = test.cycles, seed } = options
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const began_ms = Date.now()
  process.stderr.write(`${name}: ${cycles} cycles, seed ${seed}\n`)
  const onCycle = (done: number): void => {
    if (done % 10 === 0 || done === cycles) process.stderr.write(`${done} of ${cycles}\n`)
  }
  const outcome = await test.run({ seed, cycles, onCycle, signal: stop.signal })
  print(name, seed, outcome, Math.round((Date.now() - began_ms) / 1_000))
  process.exitCode = outcome.isSound ? 0 : 1
}

const program = new Command('faults')
  .description('Break the running system on purpose, then hold log and read models against what clients were told')
  .argument('<name>', TESTS.map(({ name }) => name).join(', '))
  .option('--cycles <n>', 'rounds', wholeNumber)
  .option('--seed <n>', 'what happens, in what order', wholeNumber, Math.floor(Math.random() * 1_000_000))
  .action(run)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
}
