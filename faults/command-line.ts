import { Argument, Command, type CommanderError, InvalidArgumentError } from 'commander'
import { type FaultTest } from './outcome.js'

export interface CommandLine {
  readonly test: FaultTest
  readonly cycles: number
  readonly seed: number
}

/** Of a command line that makes no sense. */
const BAD_COMMAND_LINE = 2

const wholeNumber =
  (min: number) =>
  (text: string): number => {
    if (!/^\d{1,9}$/.test(text) || Number(text) < min)
      throw new InvalidArgumentError(`It must be a whole number, ${min} or more.`)
    return Number(text)
  }

/**
 * What the command line asks for. Otherwise one line on stderr says why not, or stdout has the help that was asked for.
 *
 * @param end with this status, for good.
 */
export function commandLine(
  args: readonly string[],
  tests: readonly FaultTest[],
  end: (status: number) => never,
): CommandLine {
  const names = tests.map(({ name }) => name)
  const program = new Command('faults')
    .description('Break the running system on purpose, then hold log and read models against what clients were told')
    .addArgument(new Argument('<name>', 'what is broken').choices(names))
    .allowExcessArguments(false)
    .option('--cycles <n>', 'rounds', wholeNumber(1))
    .option('--seed <n>', 'what happens, in what order', wholeNumber(0), Math.floor(Math.random() * 1_000_000))
    .exitOverride(({ exitCode }: CommanderError) => end(exitCode === 0 ? 0 : BAD_COMMAND_LINE))
  program.parse(args, { from: 'user' })
  const test = tests.find(({ name }) => name === program.args[0])
  if (!test) throw new RangeError(`there is no ${program.args[0]}`)
  const { cycles = test.cycles, seed } = program.opts<{ cycles?: number; seed: number }>()
  return { test, cycles, seed }
}
