import { Command, InvalidArgumentError } from 'commander'
import { figuresOf, summaryOf } from './figures.js'
import { type Verdict } from './arena/verdict.js'
import { runScenario } from './run-scenario.js'
import { SCENARIOS } from './scenarios/all.js'
import { type Scenario } from './scenarios/scenario.js'

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('it must be a whole number.')
  return Number(text)
}

function print(scenario: Scenario, seed: number, verdict: Verdict, seconds: number): void {
  const { counts, events, terms, offenders } = verdict
  const figures = figuresOf(verdict)
  console.log(`\n${scenario.name}: from the fault to the first acknowledgement of what was asked for after it, in ms`)
  console.table(Object.fromEntries(figures.map(({ kind, ...row }) => [kind, row])))
  console.log(`${events} events in the log, ${terms} terms, ${seconds} s`)
  console.table({ [scenario.name]: counts })
  for (const each of offenders) console.log(`BROKEN ${each}`)
  console.log(JSON.stringify(summaryOf(scenario.name, verdict, { seed, seconds })))
}

async function run(name: string, options: { readonly cycles?: number; readonly seed: number }): Promise<void> {
  const scenario = SCENARIOS.find((each) => each.name === name)
  if (!scenario) throw new InvalidArgumentError(`there is no ${name}: ${SCENARIOS.map((each) => each.name).join(', ')}`)
  const { cycles = scenario.cycles, seed } = options
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const began_ms = Date.now()
  process.stderr.write(`${name}: ${cycles} cycles, seed ${seed}\n`)
  const onCycle = (done: number): void => {
    if (done % 10 === 0 || done === cycles) process.stderr.write(`${done} of ${cycles}\n`)
  }
  const verdict = await runScenario(scenario, { seed, cycles, onCycle, signal: stop.signal })
  print(scenario, seed, verdict, Math.round((Date.now() - began_ms) / 1_000))
  process.exitCode = verdict.isSound ? 0 : 1
}

const program = new Command('faults')
  .description('Break the running write side on purpose, then hold the log against what its clients were told')
  .argument('<name>', SCENARIOS.map(({ name }) => name).join(', '))
  .option('--cycles <n>', 'rounds', wholeNumber)
  .option('--seed <n>', 'what happens, in what order', wholeNumber, Math.floor(Math.random() * 1_000_000))
  .action(run)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
}
